"""What has been released, as tests read it: the files themselves, not what the code would make anew."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from casefeed.contract.catalogue import EventType
from casefeed.contract.resources import data_dir
from casefeed.schema_tools.releases import altered_files, release_folders

FOLDER = data_dir() / "released"
RELEASES = release_folders(FOLDER)
COMMITS = {"0.1": ("v0.1.0", "f993c21adf27dd66186350a45ab87b731b8e07cd")}
"""By release of the schemas the tag and the commit of the whole project that was released with it."""
BEFORE_THE_PACKAGES_MOVED = "f3c55c266f322ef8cb134ec81bd2c2fa3a6e45b8"
"""The last commit with a ledger in `ice_caseload`; files that it wrote open as before."""


@dataclass(frozen=True)
class Golden:
    """One form of one event of a release; `event` is in the file's own JSON, `text` the frozen schema's file."""

    release: str
    form: str
    event_type: EventType
    text: str = field(repr=False)
    schema_id: int
    event: dict[str, Any] = field(repr=False)
    key: str
    headers: dict[str, str] = field(repr=False)
    datum: bytes = field(repr=False)
    framed: bytes = field(repr=False)
    event_hash: bytes = field(repr=False)

    def __str__(self) -> str:
        return f"{self.release}-{self.event_type.short_name}-{self.form}"


def read(release: str, folder: Path) -> list[Golden]:
    """Every golden form in a release's folder."""
    found = []
    for schema in sorted(folder.glob("*.avsc")):
        text = schema.read_text(encoding="utf-8")
        said = json.loads((folder / "golden" / f"{schema.stem}.json").read_text(encoding="utf-8"))
        event_type = EventType.from_schema(json.loads(text))
        assert (said["event_type"], said["fingerprint"]) == (event_type.name, event_type.fingerprint.hex())
        for each in said["forms"]:
            said_of: dict[str, Any] = {name: each[name] for name in ("form", "event", "key", "headers")}
            said_of |= {name: bytes.fromhex(each[name]) for name in ("datum", "framed", "event_hash")}
            made = Golden(release=release, event_type=event_type, text=text, schema_id=said["schema_id"], **said_of)
            found.append(made)
    return found


# A release that was altered is told of by the one test that looks at its sums, not by every test that reads it.
GOLDEN = [each for release, folder in RELEASES.items() if not altered_files(folder) for each in read(release, folder)]
