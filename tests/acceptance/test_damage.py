"""A damaged feed: the scorecard differs from the truth by exactly what was written down, and the repair mends it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from casefeed.cli import demo_damage
from casefeed.cli.app import casefeed, run
from casefeed.cli.demo_narrator import DemoRunner
from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC
from synthetic_world.build import build
from synthetic_world.faults import FAULT_KINDS, FaultKind
from tests.archive_ledger import TOPICS, ArchiveLedger, envelopes
from tests.feedkit import fresh_topics
from tests.stack_services import StackServices

SCALE = 1500
MISSING = (FaultKind.LOST, FaultKind.CORRUPT, FaultKind.MIS_KEYED)
TOUCHING = (*MISSING, FaultKind.CONTRADICTING)


def world(folder: Path, seed: int, kinds: Sequence[FaultKind]) -> dict[str, Any]:
    """A damaged world in `folder`; its truth."""
    build(folder, scale=SCALE, seed=seed, damage=kinds)
    truth: dict[str, Any] = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    return truth


def keys(folder: Path) -> list[str]:
    """Every key of the archives, also those of nobody."""
    return sorted({each.key for topic in TOPICS for each in envelopes(folder, topic)})


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_scorecard_over_a_damaged_feed_is_what_the_truth_says_of_it(seed: int, tmp_path: Path) -> None:
    """With all kinds at once: every figure of every day and pair, and none of them is the truth's by chance."""
    truth = world(tmp_path / "w", seed, FAULT_KINDS)
    ledger = ArchiveLedger(tmp_path / "ice.db")
    ledger.read_archives(tmp_path / "w")
    assert ledger.mismatches(truth["damage"]["damaged"]) == []
    assert len(ledger.mismatches(truth)) == 14


@pytest.mark.parametrize("kinds", [MISSING, (FaultKind.CONTRADICTING,), FAULT_KINDS])
def test_the_uncertain_children_are_those_touched_that_can_be_seen(
    kinds: Sequence[FaultKind], tmp_path: Path
) -> None:
    """Of the children of the world, exactly those touched by a kind that matters, less those named as not seen."""
    damage = world(tmp_path / "w", 1, kinds)["damage"]
    ledger = ArchiveLedger(tmp_path / "ice.db")
    ledger.read_archives(tmp_path / "w")
    build(tmp_path / "whole", scale=SCALE, seed=1)
    children = keys(tmp_path / "whole")
    named = [damage["kinds"][kind]["children"] for kind in TOUCHING if kind in damage["kinds"]]
    assert ledger.uncertain(children) == set().union(*named) - set(damage["not_seen"])
    assert set(damage["not_seen"]) <= set(damage["children"])
    assert bool(damage["not_seen"]) == (FaultKind.LOST in kinds)


@pytest.mark.parametrize("seed", [1, 2])
def test_after_the_repair_the_scorecard_is_the_truth(seed: int, tmp_path: Path) -> None:
    """What was lost, corrupt or mis-keyed has come, what was doubled or late never mattered; no number is missing."""
    truth = world(tmp_path / "w", seed, tuple(kind for kind in FAULT_KINDS if kind is not FaultKind.CONTRADICTING))
    ledger = ArchiveLedger(tmp_path / "ice.db")
    ledger.read_archives(tmp_path / "w")
    repaired = ledger.read_archives(tmp_path / "w" / "repair")
    missing = sum(truth["damage"]["kinds"][kind]["records"] for kind in MISSING)
    assert (repaired.applied, repaired.duplicates) == (missing, 0)
    assert not repaired.parked
    assert ledger.mismatches(truth) == []
    with ledger.connection() as db:
        held = "SELECT count(*), count(*) = max(sequence) FROM event GROUP BY child, source"
        assert all(whole for _, whole in db.execute(held))


@pytest.mark.parametrize("seed", [1, 2])
def test_after_the_repair_of_contradictions_every_day_is_the_truth(seed: int, tmp_path: Path) -> None:
    """A pair known by a day before the repair shows what was believed then; every other figure is the truth's."""
    truth = world(tmp_path / "w", seed, FAULT_KINDS)
    repaired = truth["damage"]["repaired"]
    ledger = ArchiveLedger(tmp_path / "ice.db")
    ledger.read_archives(tmp_path / "w")
    assert not ledger.read_archives(tmp_path / "w" / "repair").parked
    assert ledger.mismatches(repaired) == []
    assert repaired["as_of"] == truth["as_of"]
    assert set(ledger.mismatches(truth)) <= set(truth["known_by"])


def test_the_repair_changes_nothing_when_it_comes_again(tmp_path: Path) -> None:
    """A second time, and after the feed from its start: everything is held already."""
    truth = world(tmp_path / "w", 1, (FaultKind.LOST, FaultKind.DOUBLED, FaultKind.LATE))
    ledger = ArchiveLedger(tmp_path / "ice.db")
    for folder in ("w", "w/repair"):
        ledger.read_archives(tmp_path / folder)
    for folder in ("w/repair", "w"):
        assert ledger.read_archives(tmp_path / folder).applied == 0
    assert ledger.mismatches(truth) == []


def test_the_demo_shows_the_damage_and_mends_it(
    stack: StackServices, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Built, replayed, read on a real broker: the differences are those named; after the repair there are none."""
    fresh_topics(stack.bootstrap, (ORR_TOPIC, ICE_TOPIC), 6)
    where = ["--kafka-bootstrap", stack.bootstrap, "--registry-url", stack.registry_url]
    words = ["demo", "--scale", "1500", "--damage", "all", "--no-stack", "--svg", str(tmp_path / "demo.svg")]
    code = run(lambda: casefeed.main(args=[*where, *words], prog_name="casefeed", standalone_mode=False))
    said = capsys.readouterr().out
    assert code == 0, said
    assert "210 of 210 figures are what truth.json says of the damaged feed" in said
    assert re.search(r"transfers +│ 299 → \d+ \(-\d+\)", said)
    assert re.search(r"children are named in truth.json for the differences", said)
    assert "$ casefeed world replay --repair" in said
    assert said.index("world replay --repair") < said.index("210 of 210 figures equal the truth")


class Silent(DemoRunner):
    """A demo whose every command answers with one scorecard."""

    def __init__(self, home: Path, figures: dict[str, int]) -> None:
        super().__init__(home, ())
        self._card = json.dumps({"complete": {}, "figures": figures})

    def run(self, *words: str, show: bool = True) -> str:
        """Print nothing, answer the same."""
        return self._card


def test_the_demo_names_a_figure_that_the_damage_does_not_account_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A ledger that is off by other children than those named is told, figure by figure."""
    truth = world(tmp_path / "w", 1, (FaultKind.LOST,))
    as_it_is = truth["damage"]["damaged"]["as_of"]["2025-03-31"]
    differences, expected = demo_damage.run_repair(
        Silent(tmp_path, {**as_it_is, "transfers": 1}), tmp_path / "w", truth
    )
    assert "before the repair, 2025-03-31 transfers: ledger 1, truth " in "\n".join(differences)
    assert not any(line.startswith("before the repair, 2025-03-31 placements") for line in differences)
    assert expected == truth["damage"]["repaired"]
    assert "truth → ledger" in capsys.readouterr().out
