"""The world's damage: each kind is what it says, touches the children it names and no others, and can be repaired."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from casefeed.contract import catalogue, codec
from casefeed.contract.archive import Envelope
from casefeed.contract.codec import Datum
from casefeed.contract.errors import ContractError
from casefeed.contract.framing import header_text
from synthetic_world.build import build
from synthetic_world.calibration import LAST_MS
from synthetic_world.cli import world as world_command
from synthetic_world.damage_totals import DamageTotals
from synthetic_world.days import day_number
from synthetic_world.events import EventBuilder
from synthetic_world.faults import (
    ALL_KINDS,
    ERRORS_FOUND_AT,
    FAULT_KINDS,
    LATE_AFTER,
    DamagedLife,
    FaultKind,
    inject_faults,
    parse_kinds,
    select_faults,
)
from synthetic_world.lives import AddressChanged, Life
from synthetic_world.population import World
from synthetic_world.truth import figures_of, resolve_corrections, visible
from tests.archive_ledger import TOPICS, envelopes
from tests.unit.world.recount import recount

SCALE, SEED = 1500, 5


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder a kind, one for all kinds, and "whole" for the undamaged world."""
    folder = tmp_path_factory.mktemp("built")
    for name, kinds in (("whole", ()), (ALL_KINDS, FAULT_KINDS), *((kind, (kind,)) for kind in FAULT_KINDS)):
        build(folder / name, scale=SCALE, seed=SEED, damage=kinds)
    return folder


def truth(folder: Path) -> dict[str, Any]:
    """The truth beside the archives."""
    found: dict[str, Any] = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    return found


def records(folder: Path) -> list[Envelope]:
    """The records of both archives, one after the other."""
    return [each for topic in TOPICS for each in envelopes(folder, topic)]


def event_of(each: Envelope) -> Datum:
    """The event of a record."""
    kind = catalogue.load_catalogue().by_fingerprint(each.fingerprint)
    assert kind is not None
    return codec.decode(kind, each.datum)


def event_id(each: Envelope) -> str:
    """The id that a record's headers name."""
    return header_text(each.headers, "ce_id") or ""


def by_id(folder: Path) -> dict[str, Envelope]:
    """The records of a world in which each event is once."""
    return {event_id(each): each for each in records(folder)}


def head_of(each: Envelope) -> tuple[str, str, int]:
    """Child, source and number of a record's event."""
    head = event_of(each)["header"]
    return head["child_key"], head["source"], head["sequence"]


@pytest.mark.parametrize("name", [*FAULT_KINDS, ALL_KINDS])
def test_damage_touches_only_the_children_it_names(built: Path, name: str) -> None:
    """The truth stays; records of children not named stay as they were, in their order."""
    found = truth(built / name)
    damage = found["damage"]
    kinds = parse_kinds(name)
    assert tuple(damage["kinds"]) == kinds
    assert all(each["records"] >= len(each["children"]) > 0 for each in damage["kinds"].values())
    named = set(damage["children"])
    assert named == set().union(*(each["children"] for each in damage["kinds"].values()))
    assert 0 < len(named) < 0.3 * found["children"]
    assert {**found, "damage": None} == truth(built / "whole")
    for topic in TOPICS:
        untouched = [each for each in envelopes(built / "whole", topic) if each.key not in named]
        ids = set(map(event_id, untouched))
        assert [each for each in envelopes(built / name, topic) if event_id(each) in ids] == untouched
    assert {event_of(each)["header"]["child_key"] for each in records(built / name / "repair")} <= named


@pytest.mark.parametrize("seed", range(4))
def test_every_kind_touches_the_smallest_world(seed: int) -> None:
    """Whatever the lots say."""
    kinds = {kind for _, damaged in damaged_lives(seed, 5000) for kind in damaged.faults.values()}
    assert kinds == set(FAULT_KINDS)


def test_about_one_record_in_fifty_is_touched_in_one_way(built: Path) -> None:
    """With all kinds as with one; the kinds share what is touched."""
    events = sum(truth(built / "whole")["events"].values())
    for name in (FaultKind.LOST, ALL_KINDS):
        touched_records = sum(each["records"] for each in truth(built / name)["damage"]["kinds"].values())
        assert 0.01 < touched_records / events < 0.04


def test_lost_records_are_sent_by_the_repair(built: Path) -> None:
    """What is missing is what the repair holds, byte for byte."""
    whole, left = by_id(built / "whole"), by_id(built / "lost")
    gone = {key: each for key, each in whole.items() if key not in left}
    assert len(gone) == truth(built / "lost")["damage"]["kinds"]["lost"]["records"]
    assert left == {key: each for key, each in whole.items() if key not in gone}
    assert by_id(built / "lost" / "repair") == gone


@pytest.mark.parametrize("kind", [FaultKind.DOUBLED, FaultKind.SHUFFLED, FaultKind.LATE])
def test_what_comes_again_or_later_is_whole_and_needs_no_repair(built: Path, kind: FaultKind) -> None:
    """The same records, some in other places or twice or three times; nothing to repair, no figure moved."""
    whole, damaged = records(built / "whole"), records(built / kind)
    times = Counter(map(event_id, damaged))
    assert set(damaged) == set(whole)
    assert damaged != whole
    assert set(times.values()) == ({1, 2, 3} if kind is FaultKind.DOUBLED else {1})
    assert records(built / kind / "repair") == []
    found = truth(built / kind)
    assert found["damage"]["damaged"] == found["damage"]["repaired"]
    assert found["damage"]["damaged"] == {name: found[name] for name in ("as_of", "known_by")}
    assert found["damage"]["differences"] == {}
    assert found["damage"]["not_seen"] == []


def test_late_records_come_after_all_others_months_after_they_were_recorded(built: Path) -> None:
    """The end of each archive holds them, and nothing else."""
    found = truth(built / "late")["damage"]["kinds"]["late"]
    last: list[Envelope] = []
    for topic in TOPICS:
        whole, damaged = envelopes(built / "whole", topic), envelopes(built / "late", topic)
        here = next(at for at, each in enumerate(damaged) if each != whole[at])
        moved = set(damaged) - set(damaged[:here])
        order = [event_of(each)["header"]["recorded_at"] for each in damaged]
        first = next(at for at in range(1, len(order)) if order[at] < order[at - 1])
        last += damaged[first:]
        assert damaged[first:] != []
        assert moved
    assert len(last) == found["records"]
    assert {each.key for each in last} == set(found["children"])
    assert all(event_of(each)["header"]["recorded_at"] + LATE_AFTER <= LAST_MS for each in last)


def test_corrupt_records_cannot_be_read_and_the_repair_has_the_right_bytes(built: Path) -> None:
    """Some are cut, some have a byte flipped; the repair is what they were."""
    whole, damaged = by_id(built / "whole"), by_id(built / "corrupt")
    broken = {key: each for key, each in damaged.items() if each != whole[key]}
    for key, each in broken.items():
        with pytest.raises(ContractError):
            event_of(each)
        assert replace(each, datum=whole[key].datum) == whole[key]
    assert {len(each.datum) == len(whole[key].datum) for key, each in broken.items()} == {True, False}
    assert by_id(built / "corrupt" / "repair") == {key: whole[key] for key in broken}


def test_mis_keyed_records_are_under_the_key_of_nobody_and_the_repair_has_the_right_one(built: Path) -> None:
    """Only the key is wrong, in the form of a child's; the repair is what they were."""
    whole, damaged = by_id(built / "whole"), by_id(built / "mis-keyed")
    moved = {key: each for key, each in damaged.items() if each != whole[key]}
    assert not {each.key for each in moved.values()} & {each.key for each in whole.values()}
    assert all(replace(each, key=whole[key].key) == whole[key] for key, each in moved.items())
    assert by_id(built / "mis-keyed" / "repair") == {key: whole[key] for key in moved}


def contradictions(built: Path) -> list[tuple[Envelope, Envelope, Envelope]]:
    """Each contradiction: the record that comes first, the one that comes later, and the right one of the two."""
    right = by_id(built / "whole")
    pairs: dict[tuple[str, str, int], list[Envelope]] = {}
    for each in records(built / "contradicting"):
        pairs.setdefault(head_of(each), []).append(each)
    return [
        (pair[0], pair[1], next(each for each in pair if each == right.get(event_id(each))))
        for pair in pairs.values()
        if len(pair) == 2
    ]


def test_contradicting_records_share_their_id_or_their_number_and_either_may_come_first(built: Path) -> None:
    """Both forms, each with the right one first and with the wrong one first."""
    seen: Counter[tuple[bool, bool]] = Counter()
    for first, second, right in contradictions(built):
        assert first != second
        seen[event_id(first) == event_id(second), first == right] += 1
    assert set(seen) == {(same, first) for same in (True, False) for first in (True, False)}
    found = truth(built / "contradicting")["damage"]["kinds"]["contradicting"]
    assert sum(seen.values()) == found["records"]


def test_where_the_wrong_one_came_first_the_sender_corrects_it_or_takes_it_back(built: Path) -> None:
    """A correction restates the right event; a retraction comes with the right event under a number that goes on."""
    repair = by_id(built / "contradicting" / "repair")
    answers: set[str] = set()
    for first, second, right in contradictions(built):
        about = [each for each in repair.values() if event_id(first) in str(event_of(each))]
        if first == right:
            assert about == []
        elif event_id(first) == event_id(second):
            (correction,) = about
            kind = catalogue.load_catalogue().by_name("EventCorrected")
            _, restated = codec.corrected_event(kind, event_of(correction))
            assert restated == event_of(right)
            answers.add(event_id(correction))
        else:
            (retraction,) = about
            again = repair[event_id(right)]
            head, was = event_of(again)["header"], event_of(right)["header"]
            assert {**event_of(again), "header": {**head, "sequence": was["sequence"]}} == event_of(right)
            assert head["sequence"] > was["sequence"]
            answers |= {event_id(retraction), event_id(again)}
    assert answers == set(repair)
    assert answers


def test_the_senders_numbers_go_on_each_once_and_without_a_gap(built: Path) -> None:
    """With what is told of contradictions each child and source has every number up to its last, told at the end."""
    numbers: dict[tuple[str, str], list[int]] = {}
    told = records(built / "contradicting" / "repair")
    for each in (*records(built / "whole"), *told):
        child, source, number = head_of(each)
        numbers.setdefault((child, source), []).append(number)
    assert all(sorted(held) == list(range(1, len(held) + 1)) for held in numbers.values())
    whole = by_id(built / "whole")
    added = [each for each in told if event_id(each) not in whole]
    assert added
    assert all(event_of(each)["header"]["recorded_at"] > ERRORS_FOUND_AT > LAST_MS for each in added)


def test_the_named_differences_are_the_figures(built: Path) -> None:
    """Each figure of each day: the truth, less the children missing from it, and those in it that should not be."""
    found = truth(built / ALL_KINDS)
    damage = found["damage"]
    moving = set().union(
        *(damage["kinds"][kind]["children"] for kind in ("lost", "corrupt", "mis-keyed", "contradicting"))
    )
    named: set[str] = set()
    for day, figures in damage["damaged"]["as_of"].items():
        for figure, value in figures.items():
            ways = damage["differences"].get(day, {}).get(figure, {})
            missing, extra = ways.get("missing", []), ways.get("extra", [])
            assert value == found["as_of"][day][figure] - len(missing) + len(extra)
            named |= {*missing, *extra}
    assert named
    assert named <= moving
    assert damage["repaired"]["as_of"] == found["as_of"]


def damaged_lives(seed: int, scale: int) -> list[tuple[Life, DamagedLife]]:
    """Every life of a world that is touched by all kinds of damage."""
    world, event_builder = World(seed, scale), EventBuilder(seed, scale)
    found = []
    for life in world.lives():
        told = list(event_builder.build_events(life))
        if faults := select_faults(life.index, told, FAULT_KINDS):
            found.append((life, inject_faults(event_builder, life, told, faults)))
    return found


@settings(max_examples=10)
@given(
    st.integers(0, 2**32),
    st.integers(day_number("2020-10-01"), day_number("2025-03-31")),
    st.integers(day_number("2020-10-01"), day_number("2025-04-30")),
)
def test_what_is_known_before_the_repair_equals_a_recount(seed: int, as_of: int, known_by: int) -> None:
    """The figures of what arrived and can be read, first come first held, equal a brute-force count of its events."""
    for life, damaged in damaged_lives(seed, 2000):
        held: dict[str, tuple[str, Datum]] = {}
        taken: set[tuple[str, int]] = set()
        for record in sorted(damaged.sent, key=lambda each: (each.at, each.event_id)):
            kind = catalogue.load_catalogue().by_fingerprint(record.envelope.fingerprint)
            assert kind is not None
            try:
                event = codec.decode(kind, record.envelope.datum)
            except ContractError:
                continue
            number = (event["header"]["source"], event["header"]["sequence"])
            if record.envelope.key != life.child.key or record.event_id in held or number in taken:
                continue
            held[record.event_id] = (kind.short_name, event)
            taken.add(number)
        expected = {name for name, n in recount(held.values(), as_of, known_by).items() if n}
        assert figures_of(visible(resolve_corrections(damaged.before), as_of, known_by)) == expected


def test_a_correction_mends_nothing_where_what_it_corrects_is_not_held(lives: list[Life]) -> None:
    """What somebody hears who has all facts counts as the life does; without the link between, the chain ends."""
    chained = 0
    for life in lives:
        assert figures_of(resolve_corrections(life.facts)) == figures_of(life.facts)
        for fact in life.facts:
            before = next((each for each in life.facts if each.n == getattr(fact, "previous", None)), None)
            if isinstance(fact, AddressChanged) and fact.release is not None and fact.release != fact.previous:
                left = resolve_corrections([each for each in life.facts if each is not before])
                (alone,) = [each for each in left if isinstance(each, AddressChanged) and each.n == fact.n]
                assert alone.release == fact.previous
                chained += 1
    assert chained > 0


def test_the_figures_of_a_feed_know_no_link_that_was_lost(lives: list[Life]) -> None:
    """Where the correction between is lost, the later one moves no figure, and the reckoning says so."""
    event_builder = EventBuilder(11, 100)
    moved = 0
    for life in lives:
        for fact in life.facts:
            if not isinstance(fact, AddressChanged) or fact.release in (None, fact.previous):
                continue
            told = list(event_builder.build_events(life))
            damaged = inject_faults(event_builder, life, told, {fact.previous: FaultKind.LOST})
            damage = DamageTotals()
            damage.add(life, damaged)
            events = [(each.type_name, each.data) for each in told if each.fact.n != fact.previous]
            held = recount(events, day_number("2025-03-31"), None)
            was = figures_of(life.facts)
            missing, extra = (
                {figure for day, figure, said in damage.differences if (day, said) == ("2025-03-31", way)}
                for way in ("missing", "extra")
            )
            assert (was - missing) | extra == {name for name, n in held.items() if n}
            moved += bool(missing or extra)
    assert moved > 0


def test_kinds_are_named_in_any_order_and_another_word_is_refused(tmp_path: Path) -> None:
    """Parted by commas; the sentence lists what there is."""
    assert parse_kinds("late, lost") == parse_kinds("lost,late") == (FaultKind.LOST, FaultKind.LATE)
    assert parse_kinds(ALL_KINDS) == FAULT_KINDS
    done = CliRunner().invoke(world_command, ["build", "--out", str(tmp_path), "--damage", "lost,escaped"])
    assert done.exit_code == 2
    assert "parted by commas, or all" in done.output.replace("\n", " ").replace("  ", " ")
