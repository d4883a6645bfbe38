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
from casefeed.contract.compatibility import SchemaViolation
from casefeed.schema_tools.golden import golden_record

CHECKSUMS_FILE = "SHA256SUMS"
VERSION_PATTERN = re.compile(r"(0|[1-9][0-9]{0,3})\.(0|[1-9][0-9]{0,3})")
_CHECKSUM_LINE = re.compile(r"([0-9a-f]{64})  (\S+)")


def version_key(version: str) -> tuple[int, int]:
    """A version as a pair that orders as versions do (0.2 before 0.10); raises ValueError for no version."""
    found = VERSION_PATTERN.fullmatch(version)
    if found is None:
        raise ValueError(f"{version} is no version")
    return int(found[1]), int(found[2])


def release_folders(folder: Path) -> dict[str, Path]:
    """The folders of the releases in `folder` by version, in the order of versions; none is no fault."""
    found = [path for path in folder.glob("*") if path.is_dir() and VERSION_PATTERN.fullmatch(path.name)]
    return {path.name: path for path in sorted(found, key=lambda path: version_key(path.name))}


def release_files(catalogue: Catalogue, specimens: Mapping[str, Datum]) -> dict[str, str]:
    """The text of every file of a release of `catalogue`, by path inside its folder; `specimens` by full name.

    Raises ContractError or RefusedError for a specimen that breaks the contract.
    """
    files: dict[str, str] = {}
    for name, event_type in sorted(catalogue.record_types.items()):
        files[f"{name}.avsc"] = _json_text(event_type.schema)
        files[f"golden/{name}.json"] = _json_text(golden_record(event_type, specimens[name]))
    lines = [f"{hashlib.sha256(text.encode()).hexdigest()}  {path}" for path, text in sorted(files.items())]
    return files | {CHECKSUMS_FILE: "\n".join(lines) + "\n"}


def _json_text(content: Any) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def altered_files(release: Path) -> list[SchemaViolation]:
    """What of a release's folder is not as it was released; empty when every byte is."""
    try:
        lines = (release / CHECKSUMS_FILE).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return [_altered_file(release, CHECKSUMS_FILE, "is gone, so that nothing holds what was released")]
    listed = {match[2]: match[1] for line in lines if (match := _CHECKSUM_LINE.fullmatch(line))}
    there = {path.relative_to(release).as_posix() for path in release.rglob("*") if path.is_file()} - {CHECKSUMS_FILE}
    found = {}
    for path in sorted(listed.keys() | there):
        if path not in there:
            found[path] = "is in the release's list and not there"
        elif path not in listed:
            found[path] = "was not in the release"
        elif hashlib.sha256((release / path).read_bytes()).hexdigest() != listed[path]:
            found[path] = "is not what was released"
    return [_altered_file(release, path, sentence) for path, sentence in found.items()]


def _altered_file(release: Path, path: str, sentence: str) -> SchemaViolation:
    remedy = "Put back what was released; a change is a new release, made with `casefeed schema release`."
    return SchemaViolation("release-altered", f"{release.name}/{path}", sentence, remedy)


def removed_types(names: Iterable[str], earlier: Mapping[str, list[Schema]]) -> list[SchemaViolation]:
    """The event types that were released and are not among `names`."""
    sentence = "was released and is gone, though its records lie on the topics"
    remedy = "Keep the event type; stop publishing it."
    return [SchemaViolation("type-removed", name, sentence, remedy) for name in sorted(earlier.keys() - set(names))]
