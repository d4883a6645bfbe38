"""The demo judges: with the fold as it is it exits 0, with a fault planted in the fold it exits 1 and says where."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from casefeed.case import facts, figures
from casefeed.case.facts import FactKind
from casefeed.cli import demo as demo_room
from casefeed.cli import demo_narrator
from casefeed.cli.app import casefeed, run
from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC
from casefeed.ledger import projection
from casefeed.runtime import settings
from tests.feedkit import DAY_MS, fresh_topics
from tests.stack_services import StackServices

SCALE = "1000"
Fold = Callable[[str, Any], facts.Fact]


@pytest.fixture
def demo(
    stack: StackServices, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[[], tuple[int, str]]:
    """Runs the demo on the running stack, beside a ledger of the caller's; gives its exit code and all it said."""
    monkeypatch.setenv("CASEFEED_LEDGER_URL", f"sqlite:///{tmp_path / 'callers.db'}")
    fresh_topics(stack.bootstrap, (ORR_TOPIC, ICE_TOPIC), 6)

    def play() -> tuple[int, str]:
        svg = tmp_path / "demo.svg"
        where = ["--kafka-bootstrap", stack.bootstrap, "--registry-url", stack.registry_url]
        words = [*where, "demo", "--scale", SCALE, "--no-stack", "--svg", str(svg)]
        code = run(lambda: casefeed.main(args=words, prog_name="casefeed", standalone_mode=False))
        assert svg.read_text(encoding="utf-8").startswith("<svg")
        assert not (tmp_path / "callers.db").exists()
        said = capsys.readouterr()
        return code, said.out + said.err

    return play


@pytest.mark.finding("every-figure", "OIG-24-46/rec-1", "OIG-25-21/nta-backlog")
def test_the_demo_rebuilds_the_reports_figures_equal_to_the_truth(demo: Callable[[], tuple[int, str]]) -> None:
    """Every figure on every day, and on every pair of a day and what was known by another, equals the truth."""
    code, said = demo()
    assert code == 0, said
    assert "210 of 210 figures equal the truth" in said
    assert re.search(r"nta_not_served.*291 = 291 \(291\).*233 = 233 \(233\)", said)
    assert "NTA not served" in said.partition("figures equal the truth")[2]
    assert "failed to appear" in said.partition("figures equal the truth")[2]
    assert re.search(r"failed_to_appear.*32 = 32 \(32\).*43 = 43 \(43\)", said)


def later(short: str, event: Any) -> facts.Fact:
    """The fold with service shifted by a day."""
    fact = facts.fact_of(short, event)
    if fact.kind is not FactKind.NTA_SERVED:
        return fact
    return facts.Fact(fact.occurred_at + DAY_MS, fact.recorded_at + DAY_MS, fact.event_id, fact.kind)


def issued_as_served(short: str, event: Any) -> facts.Fact:
    """The fold with served taken for issued."""
    fact = facts.fact_of(short, event)
    kind = {FactKind.NTA_ISSUED: FactKind.NTA_SERVED, FactKind.NTA_SERVED: FactKind.NTA_ISSUED}.get(
        fact.kind, fact.kind
    )
    return fact._replace(kind=kind)


@pytest.mark.parametrize("fault", [later, issued_as_served])
def test_a_fault_planted_in_the_fold_makes_the_demo_exit_1(
    demo: Callable[[], tuple[int, str]], monkeypatch: pytest.MonkeyPatch, fault: Fold
) -> None:
    """The truth never comes from the fold it judges, so a wrong fold is named figure by figure."""
    monkeypatch.setattr(projection, "fact_of", fault)
    code, said = demo()
    assert code == 1, said
    assert "The ledger differs from the truth" in said
    assert re.search(r"nta_(not_)?served: ledger \d+, truth \d+", said)
    assert "Every figure equals the truth" not in said


def test_a_figure_that_is_not_counted_is_named(
    demo: Callable[[], tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A figure that the fold leaves out altogether differs too."""
    without = tuple(each for each in figures.FIGURE_GROUPS if each.required_kind is not FactKind.FAILURE_TO_APPEAR)
    monkeypatch.setattr(figures, "FIGURE_GROUPS", without)
    monkeypatch.setattr(
        figures, "_affected_groups", figures._affected_groups.__wrapped__
    )  # what it remembers has all of them
    code, said = demo()
    assert code == 1
    assert re.search(r"failed_to_appear: ledger 0, truth \d+", said)


def test_a_word_that_is_no_damage_is_refused_before_a_kafka_is_started(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrong word after --damage is wrong use at once, and the answer says which words there are."""

    def started(*_: object) -> None:
        raise AssertionError("a stack was started")

    monkeypatch.setattr(demo_room, "_own_stack", started)
    words = ["demo", "--damage", "lsot"]
    assert run(lambda: casefeed.main(args=words, prog_name="casefeed", standalone_mode=False)) == 2
    assert "lsot names no damage; name one or more of lost, doubled" in capsys.readouterr().err


def test_the_demo_publishes_to_its_own_stack_whatever_the_environment_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A Kafka of the caller's, named in the environment, gets none of the demo's records."""
    monkeypatch.setenv("CASEFEED_KAFKA_BOOTSTRAP", "callers.example:9092")
    monkeypatch.setenv("CASEFEED_REGISTRY_URL", "http://callers.example")
    ready = [sys.executable, "-c", "import sys; print('{\"failed\": null}', flush=True); sys.stdin.read()"]
    start = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda _, **given: start(ready, **given))
    own = {"kafka_bootstrap": "127.0.0.1:1", "registry_url": "http://127.0.0.1:2"}
    monkeypatch.setattr(settings, "running_stack", lambda home: own if home == tmp_path else {})
    tell = demo_narrator.DemoRunner(tmp_path, ())
    with demo_room._own_stack(tell, tmp_path):
        with settings.command_line(**dict(_pairs(tell.flags))):
            in_force = settings.load()
        assert (in_force.kafka_bootstrap, in_force.registry_url) == tuple(own.values())


def _pairs(flags: Sequence[str]) -> Iterator[tuple[str, str]]:
    for name, value in zip(flags[::2], flags[1::2], strict=True):
        yield name.removeprefix("--").replace("-", "_"), value
