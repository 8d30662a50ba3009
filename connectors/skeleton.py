"""The package that `passerelle connectors new` writes: a connector that works, its recorded answer and its test.

It reads a made-up feed of events; whoever has a real one changes the reading and keeps the rest.
"""

from __future__ import annotations

import re

_NAME = re.compile(r"[a-z][a-z0-9_]{2,39}")


def files(name: str) -> dict[str, str]:
    """The texts of the package by their path in it. Raises ValueError, in French, for a name that cannot be one."""
    if not _NAME.fullmatch(name):
        raise ValueError("un nom de connecteur commence par une minuscule : lettres, chiffres et _, de 3 à 40")
    title = "".join(word.capitalize() for word in name.split("_"))
    told = {
        "pyproject.toml": _PROJECT,
        f"passerelle_{name}.py": _MODULE,
        f"tests/test_{name}.py": _TEST,
        f"tests/fixtures/{name}/page-1.json": _RECORDED,
        "README.md": _README,
    }
    return {path: text.replace("@name@", name).replace("@Title@", title) for path, text in told.items()}


_PROJECT = """[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "passerelle-@name@"
version = "0.1.0"
description = "Connecteur @name@ pour Passerelle"
requires-python = ">=3.11"

[project.entry-points."passerelle.connectors"]
@name@ = "passerelle_@name@:ENTRY"

[tool.hatch.build.targets.wheel]
only-include = ["passerelle_@name@.py"]

[tool.pytest.ini_options]
asyncio_mode = "auto"
"""

_MODULE = '''"""Events of … (which software, whose document, its version and date).

- Cursor: the moment before the request, UTC; the next reading asks for what changed since, that moment included.
- Order: none.
- It can repeat: no event twice in one answer.
- Deletions are not told: what a whole reading does not name is gone.
- Edits appear at once.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, ClassVar

from pydantic import Field, SecretStr, field_validator, model_validator

from connectors.base import Change, Checkpoint, Cursor, Reject, Upsert
from connectors.documents import answers, json_of
from connectors.entries import Entry
from connectors.manifest import Manifest
from connectors.rows import key_of, raw
from connectors.settings import Settings, address
from connectors.texts import line
from connectors.times import Clock, instant, zulu
from net.client import Http
from net.errors import FeedChanged
from schemas.records import Event, Kind, Session, SourceRef

MANIFEST = Manifest(
    title="@Title@",
    document="à compléter : éditeur, document, version, date",
    kinds=frozenset({Kind.EVENT, Kind.SESSION}),
    incremental=True,
    deletions=False,
    sells=False,
    expected=(1, 10_000),
    guard=0.3,
)


class @Title@Settings(Settings):
    """What a source's row holds. Every connector has `path` too: a recorded answer, or a folder of them."""

    url: str | None = Field(default=None, title="Adresse du flux")
    token: SecretStr | None = Field(default=None, title="Jeton (Bearer)")

    @field_validator("url")
    @classmethod
    def _address(cls, text: str) -> str:
        return address(text)

    @model_validator(mode="after")
    def _complete(self) -> @Title@Settings:
        self.require("url")
        return self

    def account(self) -> str:
        return self.url or super().account()


class @Title@:
    """Reads one feed. See the module for what it promises."""

    name: ClassVar[str] = "@name@"

    def __init__(self, settings: @Title@Settings, http: Http | None, *, account: str, clock: Clock) -> None:
        self._settings, self._http, self.account, self._clock = settings, http, account, clock

    async def pull(self, since: Cursor | None) -> AsyncIterator[Change]:
        """Events with their dates. Raises the failures of `net.errors`."""
        now = self._clock()  # before the request, so that later edits come again
        if self._settings.path is not None:
            for name, answer in answers(self._settings.path, now=now):
                for change in self._page(json_of(answer, place=name), place=name):
                    yield change
            yield Checkpoint(Cursor(zulu(now)), complete=True)
            return
        if self._http is None or self._settings.url is None:
            raise FeedChanged("ni adresse ni connexion pour lire la source")
        token = self._settings.token
        headers = {"Authorization": f"Bearer {token.get_secret_value()}"} if token is not None else {}
        params = {"since": str(since)} if since is not None else {}
        page = await self._http.get_json(self._settings.url, params=params, headers=headers)
        for change in self._page(page, place=self._settings.url):
            yield change
        yield Checkpoint(Cursor(zulu(now)), complete=since is None)

    def _page(self, page: Any, *, place: str) -> Iterator[Change]:
        """The changes of one answer; a row that cannot be read is rejected and the next one is read."""
        if not isinstance(page, dict) or not isinstance(page.get("events"), list):
            raise FeedChanged("réponse sans events", place=place)
        for row in page["events"]:
            key = key_of(row.get("id")) if isinstance(row, dict) else None
            if key is None:
                yield Reject("id manque", raw(row), Kind.EVENT)
                continue
            ref = SourceRef(connector=self.name, account=self.account, key=key)
            try:
                title = line(row.get("title"), longest=1000)
                if title is None:
                    raise ValueError("title manque")
                session = Session(ref=ref, event_key=key, begins_at=instant(row.get("beginsAt")))
            except ValueError as error:
                yield Reject(str(error), raw(row), Kind.EVENT, ref)
                continue
            yield Upsert(Event(ref=ref, title=title, subcategory="SPECTACLE_REPRESENTATION"))
            yield Upsert(session)


def _make(settings: @Title@Settings, http: Http | None, account: str, clock: Clock) -> @Title@:
    return @Title@(settings, http, account=account, clock=clock)


ENTRY = Entry(name="@name@", manifest=MANIFEST, settings=@Title@Settings, make=_make)
'''

_TEST = '''"""@Title@ keeps the contract of connectors on its recorded answers."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from connectors.base import Reject, Upsert
from connectors.contract import faults
from passerelle_@name@ import ENTRY

RECORDED = Path(__file__).parent / "fixtures" / "@name@"
NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)


def make():
    return ENTRY.make(ENTRY.read_settings({"path": str(RECORDED)}), None, "essai", lambda: NOW)


async def test_the_contract_is_kept() -> None:
    """It ends, resumes, repeats harmlessly, rejects instead of raising; keys are unique and records valid."""
    assert await faults(make) == []


async def test_a_broken_row_is_rejected_and_the_next_one_is_read() -> None:
    changes = [change async for change in make().pull(None)]
    assert sum(isinstance(change, Upsert) for change in changes) == 2
    assert [change.why for change in changes if isinstance(change, Reject)] == ["title manque"]
'''

_RECORDED = """{
  "events": [
    {"id": "1", "title": "Le Tartuffe", "beginsAt": "2026-12-05T20:30:00+01:00"},
    {"id": "2", "beginsAt": "2026-12-06T20:30:00+01:00"}
  ]
}
"""

_README = """# passerelle-@name@

Connecteur `@name@` pour Passerelle.

```sh
pip install -e .              # dans l'environnement de Passerelle
passerelle connectors list    # @name@ y est
python -m pytest tests
passerelle connectors check @name@ --set path=tests/fixtures/@name@
passerelle read @name@ --set path=tests/fixtures/@name@
```

À compléter dans `passerelle_@name@.py` : le document du protocole, les réglages, la lecture d'une ligne, et les
réponses aux questions de son en-tête. Les réponses enregistrées sous `tests/fixtures` sont à remplacer par de vraies,
raccourcies.
"""
