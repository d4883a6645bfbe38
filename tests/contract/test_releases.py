"""What has been released is frozen: its files, its golden bytes as this code reads and writes them."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from casefeed.contract import codec, framing
from casefeed.contract.catalogue import EventType, load_catalogue
from casefeed.contract.errors import SchemaError
from casefeed.contract.resources import data_dir
from casefeed.contract.validation import is_sealed, optional_fields, values_at
from casefeed.schema_tools import golden
from casefeed.schema_tools.releases import (
    CHECKSUMS_FILE,
    altered_files,
    release_files,
    release_folders,
    removed_types,
    version_key,
)
from tests.released import GOLDEN, RELEASES, Golden

# The sha256 of each release's SHA256SUMS: a release gets its line here once, and no line ever changes.
FROZEN = {"0.1": "ffbc4d53d0f74a4ffc136e8897eb226b9beaa43d06e9f2cb76cb9a46f7425d7e"}
EACH = pytest.mark.parametrize("each", GOLDEN, ids=str)
SPECIMENS = data_dir() / "specimens"


@pytest.mark.parametrize("release", sorted({*FROZEN, *RELEASES}))
def test_a_release_is_as_it_was_released(release: str) -> None:
    """Every file has the sum that the release lists, and the list is the one written down here."""
    spoilt = [f"{each.field} {each.sentence}. {each.remedy}" for each in altered_files(RELEASES[release])]
    assert spoilt == []
    assert hashlib.sha256((RELEASES[release] / CHECKSUMS_FILE).read_bytes()).hexdigest() == FROZEN[release], (
        f"{release}/{CHECKSUMS_FILE} is not the list that was released; put it back, a change is a new release"
    )


def edit(name: str) -> Callable[[Path], None]:
    """Change one byte of a file."""

    def change(folder: Path) -> None:
        content = bytearray((folder / name).read_bytes())
        content[len(content) // 2] ^= 1
        (folder / name).write_bytes(content)

    return change


@pytest.mark.parametrize(
    ("path", "sentence", "spoil"),
    [
        ("casefeed.NtaIssued.avsc", "is not what was released", edit("casefeed.NtaIssued.avsc")),
        ("golden/casefeed.AgedOut.json", "is not what was released", edit("golden/casefeed.AgedOut.json")),
        (
            "casefeed.NtaIssued.avsc",
            "is in the release's list and not there",
            lambda it: (it / "casefeed.NtaIssued.avsc").unlink(),
        ),
        ("casefeed.X.avsc", "was not in the release", lambda it: (it / "casefeed.X.avsc").write_text("{}")),
        (
            CHECKSUMS_FILE,
            "is gone, so that nothing holds what was released",
            lambda it: (it / CHECKSUMS_FILE).unlink(),
        ),
    ],
    ids=["schema", "golden", "taken-out", "put-in", "list"],
)
def test_an_edit_of_a_released_file_is_told(
    path: str, sentence: str, spoil: Callable[[Path], None], tmp_path: Path
) -> None:
    """One changed byte, a file gone or a file more: one finding that names it and says what to do."""
    shutil.copytree(RELEASES["0.1"], tmp_path / "0.1")
    assert altered_files(tmp_path / "0.1") == []
    spoil(tmp_path / "0.1")
    (found,) = altered_files(tmp_path / "0.1")
    assert (found.rule, found.field, found.sentence) == ("release-altered", f"0.1/{path}", sentence)
    assert "a change is a new release" in found.remedy


@EACH
def test_we_read_and_write_exactly_the_golden_bytes(each: Golden) -> None:
    """The datum is the event and the event the datum; frame, key, headers and hash are what they were."""
    event = golden.hex_to_bytes(each.event)
    assert codec.decode(each.event_type, each.datum) == event
    assert codec.encode(each.event_type, event) == each.datum
    assert framing.unframe(each.framed) == (each.schema_id, each.datum)
    assert framing.frame(each.schema_id, each.datum) == each.framed
    assert each.key == event["header"]["child_key"]
    assert {
        name: value.decode() for name, value in framing.cloud_event_headers(each.event_type, event)
    } == each.headers
    assert codec.event_hash(each.event_type.fingerprint, each.datum) == each.event_hash


@EACH
def test_the_packaged_schema_reads_what_was_released(each: Golden) -> None:
    """Under today's version every released datum resolves, and what both versions have is the same."""
    now = load_catalogue().by_name(each.event_type.name)
    event = golden.hex_to_bytes(each.event)
    read = codec.decode_resolved(now, each.event_type.schema, each.datum)
    assert common(read, event) == common(event, read)


def common(one: Any, other: Any) -> Any:
    """`one`, without the fields that `other` does not have."""
    if isinstance(one, dict) and isinstance(other, dict):
        return {name: common(one[name], other[name]) for name in one if name in other}
    return one


@pytest.mark.parametrize("event_type", load_catalogue().record_types.values(), ids=lambda each: each.short_name)
def test_the_golden_forms_are_every_form(event_type: EventType) -> None:
    """Full has every optional field, bare none and no list it can do without; sealed has no clear part."""
    specimen = golden.load_specimens(SPECIMENS, {event_type.name: event_type})[event_type.name]
    made = dict(golden.event_forms(event_type, specimen))
    optional = optional_fields(event_type)
    assert optional
    assert [path for path in optional if list(values_at(made["full"], path)) in ([], [None])] == []
    assert [path for path in optional if list(values_at(made["bare"], path)) != [None]] == []
    parts = [part for part in codec.PERSONAL_PARTS if part in specimen]
    assert ("sealed" in made) == bool(parts)
    assert [part for part in parts if not is_sealed(made["sealed"][part])] == []


def test_a_release_is_made_the_same_on_every_machine() -> None:
    """The same schemas and specimens give the same bytes: the newest release, while nothing has changed since."""
    release, folder = list(RELEASES.items())[-1]
    catalogue = load_catalogue()
    unchanged = {
        each.event_type.name
        for each in GOLDEN
        if each.release == release and catalogue.by_fingerprint(each.event_type.fingerprint)
    }
    made = release_files(catalogue, golden.load_specimens(SPECIMENS, catalogue.record_types))
    for name in unchanged:
        for path in (f"{name}.avsc", f"golden/{name}.json"):
            assert made[path] == (folder / path).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read as JSON (FileNotFoundError)"),
        ("{", "cannot be read as JSON (JSONDecodeError)"),
        ("{}", "has no header.causation_id"),
    ],
)
def test_a_type_without_a_whole_specimen_is_not_released(content: str | None, told: str, tmp_path: Path) -> None:
    """A specimen that is missing, is no JSON or leaves a field out is told by file and field."""
    event_type = load_catalogue().by_name("NtaIssued")
    if content is not None:
        (tmp_path / "casefeed.NtaIssued.json").write_text(content, encoding="utf-8")
    with pytest.raises(SchemaError, match=r"casefeed\.NtaIssued\.json") as fault:
        golden.load_specimens(tmp_path, {event_type.name: event_type})
    assert told in str(fault.value)


def test_versions_order_as_numbers(tmp_path: Path) -> None:
    """0.2 comes before 0.10; what is no version is no release."""
    for name in ("0.10", "0.2", "1.0", "golden", "0.2.1", "00.1", ".0.3.begun"):
        (tmp_path / name).mkdir()
    assert list(release_folders(tmp_path)) == ["0.2", "0.10", "1.0"]
    assert release_folders(tmp_path / "nowhere") == {}
    with pytest.raises(ValueError, match="is no version"):
        version_key("v1")


def test_a_released_type_that_is_gone_is_found() -> None:
    """Whatever was released once stays; a type more is no matter."""
    earlier = {each.name: [each.schema] for each in load_catalogue().record_types.values()}
    names = set(earlier) - {"casefeed.AgedOut"} | {"casefeed.New"}
    assert [(each.rule, each.field) for each in removed_types(names, earlier)] == [
        ("type-removed", "casefeed.AgedOut")
    ]
