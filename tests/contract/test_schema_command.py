"""`casefeed schema list|show|check`: what it prints, and that a change that may not be released exits 1."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from casefeed.cli.app import casefeed, run
from casefeed.cli.schema import schema
from casefeed.contract.catalogue import EventType, Schema, load_catalogue
from casefeed.contract.resources import data_dir
from tests.unit.contract.examples import field, later


def tell(*args: str) -> str:
    """What the command prints when all is well."""
    result = CliRunner().invoke(schema, args, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def refusal(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    """Exit code, output and error output of the whole command."""
    code = run(lambda: casefeed.main(args=["schema", *args], standalone_mode=False))
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def released(folder: Path, release: str, *schemas: Schema) -> Path:
    """A folder of releases with the schemas written as one of them."""
    (folder / release).mkdir(parents=True)
    for each in schemas:
        path = folder / release / f"{each['namespace']}.{each['name']}.avsc"
        path.write_text(json.dumps(each), encoding="utf-8")
    return folder


def test_list_names_every_type_with_topics_fields_and_fingerprint() -> None:
    """JSON, CSV and table tell the same of every type; a fingerprint is short for people."""
    as_json = json.loads(tell("list", "--format", "json"))
    assert {each["name"]: each["fingerprint"] for each in as_json} == {
        each.name: each.fingerprint.hex() for each in load_catalogue().record_types.values()
    }
    rows = list(csv.DictReader(io.StringIO(tell("list", "--format", "csv"))))
    table = tell("list")
    for row, each in zip(rows, as_json, strict=True):
        assert (row["name"], int(row["fields"])) == (each["name"], each["fields"])
        assert row["topics"].split(", ") == each["topics"]
        assert each["fingerprint"].startswith(row["fingerprint"])
        assert row["name"] in table
        assert row["fingerprint"] in table


@pytest.mark.parametrize("event_type", load_catalogue().event_types.values(), ids=lambda each: each.short_name)
def test_show_gives_the_schema_itself(event_type: EventType) -> None:
    """--format avsc is the self-contained schema, whole."""
    assert json.loads(tell("show", event_type.short_name, "--format", "avsc")) == event_type.schema


def test_show_gives_each_field_with_tag_niem_unit_and_doc() -> None:
    """The same columns in every form; sensitivity in words."""
    fields: dict[str, Any] = {
        each["field"]: each for each in json.loads(tell("show", "SponsorPlacement", "--format", "json"))
    }
    line1 = fields["child.address.line1"]
    assert line1["sensitivity"] == "child location"
    assert line1["niem"] == "nc:AddressDeliveryPointText"
    assert line1["rules"]["max_length"] == 100
    assert fields["address_checked_at"]["unit"] == "ms since 1970-01-01T00:00:00Z"
    assert fields["address_quality"]["symbols"][0] == "DELIVERABLE"
    assert fields["header.child_key"]["sensitivity"] == "child identity (pseudonym)"
    table = tell("show", "casefeed.SponsorPlacement")
    assert "ORR released the child to a sponsor." in table
    assert all(name in table for name in fields)


def test_show_of_an_unknown_type_names_those_that_are(capsys: pytest.CaptureFixture[str]) -> None:
    """Wrong use exits 2 and lists the names."""
    code, _, told = refusal(capsys, "show", "PlacedWithSponsor")
    assert code == 2
    assert "SponsorPlacement" in told


def test_check_says_what_was_compared(tmp_path: Path) -> None:
    """All packaged schemas pass: against the packaged releases, and where there is no release it says so."""
    assert tell("check") == (
        f"{len(load_catalogue().record_types)} schemas keep the spelling rules and may follow 13 earlier versions.\n"
    )
    assert tell("check", "--against", str(tmp_path)) == (
        f"{len(load_catalogue().record_types)} schemas keep the spelling rules and there is no "
        "earlier release to follow.\n"
    )


def test_check_exits_1_with_rule_field_and_remedy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A packaged schema that breaks with a release is refused, by rule, field and what to do."""
    old = later("SponsorPlacement", lambda it: it["fields"].append(field(it, "owning_area") | {"name": "old_area"}))
    code, out, told = refusal(capsys, "check", "--against", str(released(tmp_path, "1", old)))
    assert code == 1
    assert out.startswith("field-removed-without-default: casefeed.SponsorPlacement old_area\n")
    assert "Keep the field. A breaking change is a new subject: casefeed.SponsorPlacement2." in out
    assert told == f"1 finding in {len(load_catalogue().record_types)} schemas: mend before a release.\n"


def test_check_compares_with_every_release(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A field that came back with another type is found against the release that had it, not the last one."""
    first = later(
        "NtaIssued", lambda it: it["fields"].append(field(it, "nta_id") | {"name": "old_id", "default": ""})
    )
    second = load_catalogue().by_name("NtaIssued").schema
    new = later("NtaIssued", lambda it: it["fields"].append({"name": "old_id", "type": "int", "default": 0}))
    folder = released(released(tmp_path / "released", "1", first), "2", second)
    file = tmp_path / "casefeed.NtaIssued.avsc"
    file.write_text(json.dumps(new), encoding="utf-8")
    code, out, _ = refusal(capsys, "check", str(file), "--against", str(folder), "--format", "json")
    assert code == 1
    assert "type-changed" in {each["rule"] for each in json.loads(out) if each["field"] == "old_id"}


def test_check_of_a_part_checks_every_event_that_holds_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A changed Address is checked in the events that hold one."""
    source = data_dir() / "avro" / "casefeed.Address.avsc"
    changed = json.loads(source.read_text(encoding="utf-8"))
    changed["fields"][0]["max_length"] = 50
    file = tmp_path / source.name
    file.write_text(json.dumps(changed), encoding="utf-8")
    before = [load_catalogue().by_name(name).schema for name in ("SponsorPlacement", "PlacementAddressChanged")]
    folder = released(tmp_path / "released", "1", *before)
    code, out, told = refusal(capsys, "check", str(file), "--against", str(folder))
    assert code == 1
    assert out.count("constraint-tightened") == 2
    assert "2 findings in 2 schemas" in told


def test_check_of_an_unchanged_file_passes(tmp_path: Path) -> None:
    """The self-contained text of a schema, as any registry has it, follows its own release."""
    now = load_catalogue().by_name("SponsorPlacement").schema
    folder = released(tmp_path, "1", now)
    file = folder / "1" / "casefeed.SponsorPlacement.avsc"
    assert "1 schema keeps the spelling rules and may follow 1 earlier version" in tell(
        "check", str(file), "--against", str(folder)
    )


@pytest.mark.parametrize("text", ["not json", "[]", '{"type": "record"}'])
def test_a_file_that_is_no_schema_is_wrong_use(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The sentence names the file; exit 2."""
    file = tmp_path / "new.avsc"
    file.write_text(text, encoding="utf-8")
    code, _, told = refusal(capsys, "check", str(file))
    assert code == 2
    assert told.startswith("new.avsc is no Avro schema")


def test_a_schema_that_avro_does_not_allow_is_a_finding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """JSON that no Avro library would take is refused by its own rule."""
    broken = later("NtaIssued", lambda it: field(it, "nta_id").update(type="no-such-type"))
    file = tmp_path / "casefeed.NtaIssued.avsc"
    file.write_text(json.dumps(broken), encoding="utf-8")
    code, out, _ = refusal(capsys, "check", str(file))
    assert code == 1
    assert out.startswith("not-avro: casefeed.NtaIssued\n")
