"""The way out for mails: an SMTP relay that we were told to trust, or a Maildir where somebody looks at them.

The relay is the installation's own, so its address may be private. Outside the loopback, credentials and mails leave
under TLS only: from the first byte (`smtps://`), or after STARTTLS (`smtp://`), which is then demanded.
"""

from __future__ import annotations

import asyncio
import mailbox
import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

SECONDS = 20.0
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class MailUnavailable(Exception):
    """The relay could not be reached, or said "later". No address stands in the text."""


class MailRefused(Exception):
    """The relay says no for good: an address that is none, a mail it will not take."""


class Postman(Protocol):
    """Takes a mail. Returning means that it is somebody else's responsibility now."""

    async def send(self, message: EmailMessage) -> None: ...


@dataclass(frozen=True, slots=True)
class SmtpRelay:
    """An SMTP server. ValueError for an address that cannot be used."""

    host: str
    port: int
    tls: bool
    """From the first byte."""
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def at(cls, url: str) -> SmtpRelay:
        """The relay of `smtp://` or `smtps://[user:password@]host[:port]`."""
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("smtp://… ou smtps://… avec un hôte")
        tls = parts.scheme == "smtps"
        user = unquote(parts.username) if parts.username else None
        password = unquote(parts.password) if parts.password else None
        return cls(parts.hostname, parts.port or (465 if tls else 587), tls, user, password)

    async def send(self, message: EmailMessage) -> None:
        """Raises `MailUnavailable`, `MailRefused`. smtplib blocks, so it has a thread of its own."""
        await asyncio.to_thread(self._send, message)

    def _send(self, message: EmailMessage) -> None:
        secure = ssl.create_default_context()
        try:
            with (
                smtplib.SMTP_SSL(self.host, self.port, timeout=SECONDS, context=secure)
                if self.tls
                else smtplib.SMTP(self.host, self.port, timeout=SECONDS)
            ) as relay:
                if not self.tls and self.host not in _LOOPBACK:
                    relay.starttls(context=secure)
                if self.user is not None:
                    relay.login(self.user, self.password or "")
                relay.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise _said(max(codes, default=550)) from None
        except smtplib.SMTPResponseException as error:
            raise _said(error.smtp_code) from None
        except (smtplib.SMTPException, OSError) as error:
            raise MailUnavailable(type(error).__name__) from None


@dataclass(frozen=True, slots=True)
class MailFolder:
    """A Maildir, for the sandbox: nothing leaves the machine."""

    folder: Path

    async def send(self, message: EmailMessage) -> None:
        """Files it."""
        await asyncio.to_thread(self._file, message)

    def _file(self, message: EmailMessage) -> None:
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        mailbox.Maildir(self.folder, create=True).add(message)


def _said(code: int) -> Exception:
    # 4xx is "later" (RFC 5321 §4.2.1). 535: our own credentials, which somebody will mend.
    if 400 <= code < 500 or code in (530, 534, 535):
        return MailUnavailable(f"réponse {code}")
    return MailRefused(f"réponse {code}")
