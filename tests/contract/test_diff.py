"""What `casefeed schema diff` says: every change, for readers and for writers, and whether the later may follow."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from casefeed.cli.app import casefeed, run
from casefeed.contract import compatibility
from casefeed.contract.catalogue import Schema
from casefeed.contract.compatibility import check_compatibility
from casefeed.contract.resources import data_dir
from casefeed.schema_tools import diff
from casefeed.schema_tools.diff import SchemaChange, VersionNames, schema_changes

FOLDER = Path(__file__).parents[1] / "fixtures" / "schemas" / "evolution"
NAMES = sorted(path.stem for path in FOLDER.glob("*.avsc"))
ONE_TO_TWO = VersionNames("0.1", "0.2")


def schema(name: str) -> Schema:
    """The fixture of this name."""
    found: Schema = json.loads((FOLDER / f"{name}.avsc").read_text("utf-8"))
    return found


def changes(before: Schema, after: Schema) -> list[SchemaChange]:
    """What differs between two versions of the fixture."""
    name = "casefeed.Visit"
    return schema_changes({name: before}, {name: after}, ONE_TO_TWO)


@pytest.mark.parametrize("name", NAMES)
def test_what_breaks_is_what_the_gate_finds(name: str) -> None:
    """The changes that break are the gate's findings, each with its remedy; the others follow."""
    found = check_compatibility(schema(name), [schema("base")])
    breaking = [each for each in changes(schema("base"), schema(name)) if each.breaks]
    assert [(each.rule, each.field, each.sentence) for each in breaking] == [
        (each.rule, each.field, each.sentence) for each in found
    ]
    assert all(each.remedy in change.writers for each, change in zip(found, breaking, strict=True))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("base", []),
        ("doc-laid-out-anew", []),
        ("namespace-written-out", []),
        ("field-added-with-default", [("field-added", "note_ref")]),
        ("optional-field-removed", [("field-removed", "reference")]),
        ("symbol-added", [("symbol-added", "kind")]),
        ("niem-name-corrected", [("property-changed", "area")]),
    ],
)
def test_what_the_gate_lets_pass_is_told_as_well(name: str, expected: list[tuple[str, str]]) -> None:
    """A compatible change is a change, with what readers meet and writers do; no change is none."""
    found = changes(schema("base"), schema(name))
    assert [(each.rule, each.field) for each in found] == expected
    for each in found:
        assert not each.breaks
        assert "a reader of 0.1" in each.readers
        assert each.writers.startswith("a writer of 0.2 ")


def test_every_rule_of_the_gate_has_its_words() -> None:
    """Each rule that the gate can find says what a reader meets."""
    source = Path(compatibility.__file__).read_text(encoding="utf-8")
    rules = set(re.findall(r'"([a-z]+(?:-[a-z]+)+)"', source)) | {"renamed", "type-removed"}
    assert rules - {"not-before"} == set(diff.BREAKING_ADVICE)
    assert not set(diff.BREAKING_ADVICE) & set(diff.COMPATIBLE_ADVICE)


def test_a_field_added_with_a_part_is_told_once() -> None:
    """What lies inside a field that is new is not told again."""
    inner = {"name": "since", "type": ["null", "int"], "default": None, "doc": "Since when."}
    record = {"type": "record", "name": "Note", "fields": [inner]}
    new = {"name": "note", "type": ["null", record], "default": None, "doc": "A note."}
    grown = schema("base") | {"fields": [*schema("base")["fields"], new]}
    assert [(each.rule, each.field, each.sentence) for each in changes(schema("base"), grown)] == [
        ("field-added", "note", "is new, with the default null: A note.")
    ]


def test_event_types_that_come_and_go_are_told() -> None:
    """A new type is compatible, and readers of the version before park it; one that is gone breaks."""
    both = {"casefeed.Visit": schema("base")}
    (added,) = schema_changes({}, both, ONE_TO_TWO)
    assert (added.rule, added.breaks) == ("type-added", False)
    assert added.readers == "a reader of 0.1 parks its records, for it knows no such type"
    (gone,) = schema_changes(both, {}, ONE_TO_TWO)
    assert (gone.rule, gone.field, gone.breaks) == ("type-removed", "casefeed.Visit", True)


def told(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    """Exit code, output and error output of `casefeed schema diff`."""
    code = run(lambda: casefeed.main(args=["schema", "diff", *args], standalone_mode=False))
    shown = capsys.readouterr()
    return code, shown.out, shown.err


@pytest.fixture
def drafts(tmp_path: Path) -> Path:
    """A copy of the packaged schemas of the event types of 0.1, to change."""
    copied = Path(shutil.copytree(data_dir() / "avro", tmp_path / "drafts"))
    released = {path.name for path in (data_dir() / "released" / "0.1").glob("*.avsc")}
    for path in copied.glob("*.avsc"):
        if "topics" in json.loads(path.read_text(encoding="utf-8")) and path.name not in released:
            path.unlink()
    return copied


def rewrite(folder: Path, name: str, **change: Any) -> None:
    """Set properties of the first field of a schema file."""
    path = folder / f"casefeed.{name}.avsc"
    found = json.loads(path.read_text(encoding="utf-8"))
    found["fields"][0] |= change
    path.write_text(json.dumps(found), encoding="utf-8")


def test_diff_of_the_same_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 0; B is current unless it is named."""
    assert told(capsys, "0.1", "0.1") == (0, "0.1 and 0.1 say the same.\n", "")
    assert told(capsys, "current")[0] == 0


def test_diff_says_what_is_compatible_and_exits_0(drafts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A field that every event gets is told once, for readers and for writers."""
    path = drafts / "casefeed.EventHeader.avsc"
    header = json.loads(path.read_text(encoding="utf-8"))
    causation = next(each for each in header["fields"] if each["name"] == "causation_id")
    header["fields"].append(causation | {"name": "batch_id", "doc": "The batch."})
    path.write_text(json.dumps(header), encoding="utf-8")
    code, out, err = told(capsys, "0.1", str(drafts))
    assert (code, err) == (0, "")
    assert out == (
        "field-added: header.batch_id in every event type (13)\n"
        "  is new, with the default null: The batch.\n"
        f"  Readers: a reader of 0.1 passes over it; a reader of {drafts} finds the default in the records of 0.1.\n"
        f"  Writers: a writer of {drafts} fills it where it knows it, and leaves the default where it does not.\n\n"
        f"{drafts} may follow 0.1.\n"
    )


@pytest.mark.parametrize("form", ["text", "table", "json", "csv"])
def test_diff_exits_1_when_the_later_may_not_follow(
    form: str, drafts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In every form: the change, both sides, and at the end how many break."""
    rewrite(drafts, "Address", max_length=50)
    code, out, err = told(capsys, "0.1", str(drafts), "--format", form)
    assert code == 1
    assert err == f"{drafts} may not follow 0.1: 2 of 2 changes break with it.\n"
    assert "constraint-tightened" in out
    if form == "json":
        assert {each["event_type"] for each in json.loads(out)} == {
            "casefeed.SponsorPlacement",
            "casefeed.PlacementAddressChanged",
        }
    if form == "csv":
        (row, _) = csv.DictReader(io.StringIO(out))
        assert row["field"] == "child.address.line1"
        assert row["breaks"] == "True"


def test_diff_of_a_file_is_about_its_event_types_alone(drafts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A changed part is compared in the events that hold it; nothing is said to be gone."""
    rewrite(drafts, "Address", niem="nc:AddressFullText")
    code, out, _ = told(capsys, "0.1", str(drafts / "casefeed.Address.avsc"))
    assert code == 0
    assert out.startswith(
        "property-changed: child.address.line1 in casefeed.PlacementAddressChanged, casefeed.SponsorPlacement\n"
        "  niem was nc:AddressDeliveryPointText and is now nc:AddressFullText.\n"
    )


def test_diff_tells_a_file_of_a_type_that_the_other_side_lacks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A new event type is added after a release, and would be gone before one."""
    issued = json.loads((data_dir() / "released" / "0.1" / "casefeed.NtaIssued.avsc").read_text("utf-8"))
    file = tmp_path / "casefeed.NtaPosted.avsc"
    file.write_text(json.dumps(issued | {"name": "NtaPosted"}), encoding="utf-8")
    code, out, _ = told(capsys, "0.1", str(file))
    assert (code, out.splitlines()[0]) == (0, "type-added: casefeed.NtaPosted")
    code, out, _ = told(capsys, str(file), "0.1")
    assert (code, out.splitlines()[0]) == (1, "type-removed: casefeed.NtaPosted")


def test_diff_with_what_is_not_there_is_wrong_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A release that there is not, and a folder without schemas, exit 2 and say what there is."""
    code, _, err = told(capsys, "9.9")
    assert (code, err) == (2, "9.9 is no release, no folder and no file of schemas; there are 0.1, current.\n")
    code, _, err = told(capsys, "0.1", str(tmp_path))
    assert code == 2
    assert "no .avsc file in" in err


@pytest.mark.parametrize("spoil", [{"fields": "none"}, {"type": "no-type"}], ids=["fields", "type"])
def test_diff_with_what_avro_does_not_allow_is_wrong_use(
    spoil: dict[str, Any], drafts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file or a folder with a schema that does not parse exits 2, and says which."""
    path = drafts / "casefeed.NtaIssued.avsc"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | spoil), encoding="utf-8")
    for named in (path, drafts):
        code, _, err = told(capsys, "0.1", str(named))
        assert code == 2
        assert err.startswith(f"{named} has a schema that does not parse (")
