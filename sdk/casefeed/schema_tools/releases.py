"""What has been released: folders of frozen schemas with their golden bytes, made once and never changed.

A release is a folder named by its version: a self-contained schema for each event type, `golden/` with its bytes,
and `SHA256SUMS` over every other file.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from casefeed.contract.catalogue import Catalogue, Schema
from casefeed.contract.codec import Datum
from casefeed.contract.compatibility import Finding
from casefeed.schema_tools.golden import golden

SUMS = "SHA256SUMS"
VERSION = re.compile(r"(0|[1-9][0-9]{0,3})\.(0|[1-9][0-9]{0,3})")
_LINE = re.compile(r"([0-9a-f]{64})  (\S+)")


def number(version: str) -> tuple[int, int]:
    """A version as a pair that orders as versions do (0.2 before 0.10); raises ValueError for no version."""
    found = VERSION.fullmatch(version)
    if found is None:
        raise ValueError(f"{version} is no version")
    return int(found[1]), int(found[2])


def releases(folder: Path) -> dict[str, Path]:
    """The folders of the releases in `folder` by version, in the order of versions; none is no fault."""
    found = [path for path in folder.glob("*") if path.is_dir() and VERSION.fullmatch(path.name)]
    return {path.name: path for path in sorted(found, key=lambda path: number(path.name))}


def files(catalogue: Catalogue, specimens: Mapping[str, Datum]) -> dict[str, str]:
    """The text of every file of a release of `catalogue`, by path inside its folder; `specimens` by full name.

    Raises ContractError or Forbidden for a specimen that breaks the contract.
    """
    made: dict[str, str] = {}
    for name, event_type in sorted(catalogue.records.items()):
        made[f"{name}.avsc"] = _laid_out(event_type.schema)
        made[f"golden/{name}.json"] = _laid_out(golden(event_type, specimens[name]))
    lines = [f"{_digest(text.encode())}  {path}" for path, text in sorted(made.items())]
    return made | {SUMS: "\n".join(lines) + "\n"}


def _laid_out(content: Any) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def altered(release: Path) -> list[Finding]:
    """What of a release's folder is not as it was released; empty when every byte is."""
    try:
        lines = (release / SUMS).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return [_altered(release, SUMS, "is gone, so that nothing holds what was released")]
    listed = {match[2]: match[1] for line in lines if (match := _LINE.fullmatch(line))}
    there = {path.relative_to(release).as_posix() for path in release.rglob("*") if path.is_file()} - {SUMS}
    found = {}
    for path in sorted(listed.keys() | there):
        if path not in there:
            found[path] = "is in the release's list and not there"
        elif path not in listed:
            found[path] = "was not in the release"
        elif _digest((release / path).read_bytes()) != listed[path]:
            found[path] = "is not what was released"
    return [_altered(release, path, sentence) for path, sentence in found.items()]


def _altered(release: Path, path: str, sentence: str) -> Finding:
    remedy = "Put back what was released; a change is a new release, made with `casefeed schema release`."
    return Finding("release-altered", f"{release.name}/{path}", sentence, remedy)


def missing(names: Iterable[str], earlier: Mapping[str, list[Schema]]) -> list[Finding]:
    """The event types that were released and are not among `names`."""
    sentence = "was released and is gone, though its records lie on the topics"
    remedy = "Keep the event type; stop publishing it."
    return [Finding("type-removed", name, sentence, remedy) for name in sorted(earlier.keys() - set(names))]
