"""The demo judges: with the fold as it is it exits 0, with a fault planted in the fold it exits 1 and says where."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from casefeed.case import facts, figures
from casefeed.case.facts import Kind
from casefeed.cli.app import casefeed, run
from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC
from casefeed_stack import Stack
from ice_caseload import cases
from tests.feedkit import DAY_MS, fresh_topics

SCALE = "1000"
Fold = Callable[[str, Any], facts.Fact]


@pytest.fixture
def demo(stack: Stack, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[[], tuple[int, str]]:
    """Runs the demo on the running stack; gives its exit code and all it said."""
    fresh_topics(stack.bootstrap, (ORR_TOPIC, ICE_TOPIC), 6)

    def play() -> tuple[int, str]:
        svg = tmp_path / "demo.svg"
        where = ["--kafka-bootstrap", stack.bootstrap, "--registry-url", stack.registry_url]
        words = [*where, "demo", "--scale", SCALE, "--no-stack", "--svg", str(svg)]
        code = run(lambda: casefeed.main(args=words, prog_name="casefeed", standalone_mode=False))
        assert svg.read_text(encoding="utf-8").startswith("<svg")
        said = capsys.readouterr()
        return code, said.out + said.err

    return play


@pytest.mark.finding("every-figure", "OIG-24-46/rec-1", "OIG-25-21/nta-backlog")
def test_the_demo_rebuilds_the_reports_figures_equal_to_the_truth(
    demo: Callable[[], tuple[int, str]],
) -> None:
    """Every figure on every day, and on every pair of a day and what was known by another, equals the truth."""
    code, said = demo()
    assert code == 0, said
    assert "210 of 210 figures equal the truth" in said
    assert re.search(r"nta_not_served.*291 = 291 \(291\).*233 = 233 \(233\)", said)
    assert re.search(r"failed_to_appear.*32 = 32 \(32\).*43 = 43 \(43\)", said)


def later(short: str, event: Any) -> facts.Fact:
    """The fold with service shifted by a day."""
    fact = facts.fact_of(short, event)
    if fact.kind is not Kind.NTA_SERVED:
        return fact
    return facts.Fact(fact.occurred_at + DAY_MS, fact.recorded_at + DAY_MS, fact.event_id, fact.kind)


def issued_as_served(short: str, event: Any) -> facts.Fact:
    """The fold with served taken for issued."""
    fact = facts.fact_of(short, event)
    kind = {Kind.NTA_ISSUED: Kind.NTA_SERVED, Kind.NTA_SERVED: Kind.NTA_ISSUED}.get(fact.kind, fact.kind)
    return facts.Fact.from_row([*fact.to_row()[:3], kind.value, *fact.to_row()[4:]])


@pytest.mark.parametrize("fault", [later, issued_as_served])
def test_a_fault_planted_in_the_fold_makes_the_demo_exit_1(
    demo: Callable[[], tuple[int, str]], monkeypatch: pytest.MonkeyPatch, fault: Fold
) -> None:
    """The truth never comes from the fold it judges, so a wrong fold is named figure by figure."""
    monkeypatch.setattr(cases, "fact_of", fault)
    code, said = demo()
    assert code == 1, said
    assert "The ledger differs from the truth" in said
    assert re.search(r"nta_(not_)?served: ledger \d+, truth \d+", said)
    assert "Every figure equals the truth" not in said


def test_a_figure_that_is_not_counted_is_named(
    demo: Callable[[], tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A figure that the fold leaves out altogether differs too."""
    without = {kind: told for kind, told in figures.EVER.items() if kind is not Kind.FAILURE}
    monkeypatch.setattr(figures, "EVER", without)
    code, said = demo()
    assert code == 1
    assert re.search(r"failed_to_appear: ledger 0, truth \d+", said)
