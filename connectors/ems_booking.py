"""The HTTP of EMS's sales: one POST an order, signed in its own address by HMAC-SHA-512 of exactly the bytes sent."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from net.client import Http
from net.errors import FeedChanged


class EmsBooking:
    """The sales of one site. Raises the failures of `net.errors`."""

    def __init__(self, http: Http, *, url: str, source: str, secret: str, site: str) -> None:
        self._http, self._url, self._source, self._secret = http, url, source, secret
        self.site = site

    async def ask(self, order: str, payload: Mapping[str, Any], *, retry: bool = False) -> dict[str, Any]:
        """The answer to VENTE, STATUT or ANNULATION, refusals (`statut` other than 1) included.

        Empty where EMS answers nothing, as it does to a cancellation that it made.
        """
        body = json.dumps({"num_cine": self.site} | dict(payload)).encode()
        digest = hmac.new(self._secret.encode(), body, hashlib.sha512).hexdigest()
        answer = await self._http.request(
            "POST",
            f"{self._url}/{order}/{digest}",
            headers={"Content-Type": "application/json", "Accept": "application/json", "Source": self._source},
            data=body,
            ok=(200,),
            retry=retry,
        )
        found = answer.json() if answer.body.strip() else {}
        if not isinstance(found, dict) and found:
            raise FeedChanged("la réponse n'est pas un objet", place=f"{self._url}/{order}")
        return found or {}
