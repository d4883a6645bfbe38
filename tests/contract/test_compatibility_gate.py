"""From the first release on the gate binds: a change of what is packaged that breaks with it does not pass."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from casefeed.cli import schema_check
from casefeed.cli.app import casefeed, run
from casefeed.contract.catalogue import Schema, load_catalogue, schema_versions
from casefeed.contract.resources import data_dir
from casefeed.schema_tools.candidates import candidate_violations
from tests.unit.contract.examples import field

RELEASED = data_dir() / "released"


def enum(schema: Schema, name: str) -> Schema:
    """The enum of a field."""
    found: Schema = field(schema, name)["type"]
    return found


def place(schema: Schema) -> Schema:
    """The address inside the child's part."""
    clear: Schema = field(schema, "child")["type"][0]
    return dict(field(clear, "address")["type"])


def plain(item: Schema) -> None:
    """Take the logical type off what a field may be besides null."""
    del item["type"][1]["logicalType"]


BREAKS: list[tuple[str, str, Callable[[Schema], Any]]] = [
    ("doc-changed", "owning_area", lambda it: field(it, "owning_area").update(doc="The area of the sponsor.")),
    ("doc-changed", "casefeed.SponsorPlacement", lambda it: it.update(doc="ORR released the child.")),
    ("default-changed", "address_checked_at", lambda it: field(it, "address_checked_at").pop("default")),
    ("symbol-removed", "address_quality", lambda it: enum(it, "address_quality")["symbols"].remove("BLANK")),
    (
        "enum-default-changed",
        "address_quality",
        lambda it: enum(it, "address_quality").update(default="UNCHECKED"),
    ),
    ("sensitivity-changed", "prs_ordered", lambda it: field(it, "prs_ordered").update(sensitivity="OP")),
    ("unit-changed", "address_checked_at", lambda it: field(it, "address_checked_at").update(unit="s")),
    ("logical-type-changed", "address_checked_at", lambda it: plain(field(it, "address_checked_at"))),
    ("type-changed", "prs_ordered", lambda it: field(it, "prs_ordered").update(type="string")),
    ("branch-removed", "sponsor", lambda it: field(it, "sponsor")["type"].pop()),
    ("constraint-changed", "owning_area", lambda it: field(it, "owning_area").update(pattern="^[A-Z]{4}$")),
    ("constraint-tightened", "child.address.line1", lambda it: place(it)["fields"][0].update(max_length=50)),
    ("constraint-loosened", "child.address.line1", lambda it: place(it)["fields"][0].update(max_length=500)),
    ("field-removed-without-default", "prs_ordered", lambda it: it["fields"].remove(field(it, "prs_ordered"))),
    (
        "field-added-without-default",
        "visits_ordered",
        lambda it: it["fields"].append(field(it, "prs_ordered") | {"name": "visits_ordered"}),
    ),
    ("topic-added", "casefeed.SponsorPlacement", lambda it: it["topics"].append("ice.case-events")),
    ("purpose-changed", "casefeed.SponsorPlacement", lambda it: it.update(purpose="CHILD_SAFETY")),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "at", "change"), BREAKS, ids=[f"{rule}-{at}" for rule, at, _ in BREAKS])
def test_a_packaged_schema_that_breaks_with_the_release_exits_1(
    rule: str, at: str, change: Callable[[Schema], Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`casefeed schema check FILE` finds each change of meaning against 0.1, by rule and field."""
    changed = copy.deepcopy(load_catalogue().by_name("SponsorPlacement").schema)
    change(changed)
    file = tmp_path / "casefeed.SponsorPlacement.avsc"
    file.write_text(json.dumps(changed), encoding="utf-8")
    code = run(lambda: casefeed.main(args=["schema", "check", str(file)], standalone_mode=False))
    assert code == 1
    subject = "" if at == "casefeed.SponsorPlacement" else f" {at}"
    assert f"{rule}: casefeed.SponsorPlacement{subject}\n" in capsys.readouterr().out


def test_what_may_grow_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A new symbol of an enum with a default and a new field with one follow the release."""
    grown = copy.deepcopy(load_catalogue().by_name("SponsorPlacement").schema)
    enum(grown, "address_quality")["symbols"].insert(0, "RURAL_ROUTE")
    grown["fields"].append(field(grown, "address_checked_at") | {"name": "visit_due_at"})
    file = tmp_path / "casefeed.SponsorPlacement.avsc"
    file.write_text(json.dumps(grown), encoding="utf-8")
    assert run(lambda: casefeed.main(args=["schema", "check", str(file)], standalone_mode=False)) == 0
    assert "may follow 1 earlier version" in capsys.readouterr().out


def test_the_packaged_schemas_follow_every_release() -> None:
    """Each event type of today passes against each version of it that was ever released, and none is gone."""
    earlier = schema_versions(RELEASED)
    assert earlier
    candidates = {each.name: each.schema for each in load_catalogue().event_types.values()}
    assert candidate_violations(candidates, earlier) == []
    assert schema_check.check_all(candidates, RELEASED, earlier) == []


def test_check_looks_at_the_releases_themselves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A released file that was edited, and a released event type that is gone, exit 1 as well."""
    shutil.copytree(RELEASED, tmp_path / "released")
    release = tmp_path / "released" / "0.1"
    gone = json.loads((release / "casefeed.NtaIssued.avsc").read_text(encoding="utf-8")) | {"name": "NtaServed2"}
    (release / "casefeed.NtaServed2.avsc").write_text(json.dumps(gone), encoding="utf-8")
    code = run(
        lambda: casefeed.main(args=["schema", "check", "--against", str(release.parent)], standalone_mode=False)
    )
    shown = capsys.readouterr().out
    assert code == 1
    assert "type-removed: casefeed.NtaServed2\n" in shown
    assert "release-altered: 0.1 0.1/casefeed.NtaServed2.avsc\n" in shown
