"""A live world: every event reaches its desk once and in order, at the pace asked, and what goes wrong is said."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from casefeed.contract import catalogue, codec
from synthetic_world import desk_entries, desk_process
from synthetic_world.days import start_of
from synthetic_world.desk_entries import DeskEntry
from synthetic_world.desk_process import DeskFailed, DeskRefused
from synthetic_world.events import EventBuilder
from synthetic_world.live import LiveConfig, LiveProgress, LiveSchedule, run_live
from synthetic_world.population import World

SCALE, SEED = 4000, 3
AGENCIES = ("ORR", "ICE_ERO", "EOIR_ADAPTER")
ALL = start_of("2025-04-01")
FAKE = Path(__file__).with_name("fake_desk.py")
AT_ONCE = LiveSchedule(ALL, None, 1e9)


@pytest.fixture(scope="module")
def entries(tmp_path_factory: pytest.TempPathFactory) -> list[DeskEntry]:
    """All events of a small world, in the order of recording."""
    folder = tmp_path_factory.mktemp("chronicle")
    desk_entries.write_entries(folder, scale=SCALE, seed=SEED, until=ALL, progress=lambda done, children: None)
    return list(desk_entries.read_entries(folder))


def fakes(folder: Path, **words: str) -> dict[str, list[str]]:
    """A fake desk an agency; `words` spoil it, by agency."""
    return {
        name: [sys.executable, str(FAKE), str(folder / f"{name}.ids"), *words.get(name, "").split()]
        for name in AGENCIES
    }


def run(
    folder: Path,
    entries: list[DeskEntry],
    schedule: LiveSchedule = AT_ONCE,
    *,
    for_s: float | None = None,
    resolve_corrections: list[str] | None = None,
    report: Callable[[LiveProgress], None] = lambda progress: None,
    **words: str,
) -> LiveProgress:
    """Live through `entries` at fake desks."""
    said: list[str] = [] if resolve_corrections is None else resolve_corrections
    config = LiveConfig(fakes(folder, **words), schedule, for_s, time.monotonic, report, said.append)
    return asyncio.run(run_live(config, entries))


def kept(folder: Path) -> dict[str, list[str]]:
    """The ids that each desk holds, in the order in which they came."""
    return {name: (folder / f"{name}.ids").read_text(encoding="utf-8").split() for name in AGENCIES}


def ids_by_agency(entries: list[DeskEntry]) -> dict[str, list[str]]:
    """What each desk should hold."""
    found = defaultdict(list)
    for entry in entries:
        found[entry.agency].append(entry.event_id)
    return dict(found)


def test_the_chronicle_holds_the_worlds_events_in_recorded_order(entries: list[DeskEntry]) -> None:
    """Each event of each life, once, as a line that with the desk's own fields is the event of the archives."""
    event_builder, known = EventBuilder(SEED, SCALE), catalogue.load_catalogue()
    told = {
        event.data["header"]["event_id"]: event
        for life in World(SEED, SCALE).lives()
        for event in event_builder.build_events(life)
    }
    assert [each.event_id for each in entries] == sorted(told)
    assert [each.recorded_at for each in entries] == sorted(each.recorded_at for each in entries)
    for entry in entries:
        event = told[entry.event_id]
        written: dict[str, Any] = json.loads(entry.line)
        assert written.pop("type") == entry.type_name == event.type_name
        assert entry.agency == event.data["header"]["agency"]
        minted = {"source", "sequence", "agency", "agreement_profile"}
        assert minted.isdisjoint(written["header"])
        header = {**event.data["header"], **written["header"]}
        assert {**written, "header": header} == event.data
        codec.encode(known.by_name(entry.type_name), {**written, "header": header})


def test_the_chronicle_ends_where_it_is_told_to(tmp_path: Path, entries: list[DeskEntry]) -> None:
    """Nothing recorded from that moment on is in it."""
    until = start_of("2021-01-01")
    desk_entries.write_entries(tmp_path, scale=SCALE, seed=SEED, until=until, progress=lambda done, children: None)
    assert list(desk_entries.read_entries(tmp_path)) == [each for each in entries if each.recorded_at < until]


def test_every_event_reaches_the_desk_of_its_agency_once_and_in_order(
    tmp_path: Path, entries: list[DeskEntry]
) -> None:
    """Three desks hold all events; a second run finds each held before and records nothing."""
    first = run(tmp_path, entries)
    assert kept(tmp_path) == ids_by_agency(entries)
    assert (first.answers.recorded, first.answers.duplicates) == (len(entries), 0)
    assert (first.before_start, first.sent) == (len(entries), 0)
    again = run(tmp_path, entries)
    assert (again.answers.recorded, again.answers.duplicates) == (0, len(entries))
    assert kept(tmp_path) == ids_by_agency(entries)


def test_a_rate_is_the_pace_of_events(tmp_path: Path, entries: list[DeskEntry]) -> None:
    """Sixty events at 100 a second take 0.6 s and no tenfold, and nothing says that the desks were slow."""
    progress = run(tmp_path, entries[:60], LiveSchedule(0, None, 100.0))
    assert 0.58 <= progress.seconds < 6.0
    assert progress.sent == 60
    assert not progress.slower_than_asked


def test_a_speed_is_the_pace_of_world_time(tmp_path: Path, entries: list[DeskEntry]) -> None:
    """Events recorded within so many days come within the seconds that those days last; earlier ones at once."""
    since = entries[100].recorded_at
    some = entries[:140]
    days_a_second = (some[-1].recorded_at - since) / 0.8
    moments: list[int] = []
    progress = run(
        tmp_path, some, LiveSchedule(since, days_a_second, None), report=lambda now: moments.append(now.world_ms)
    )
    assert 0.8 <= progress.seconds < 8.0
    assert (progress.before_start, progress.sent) == (100, 40)
    assert progress.world_ms == some[-1].recorded_at
    assert moments == sorted(moments)


def test_a_run_ends_after_its_seconds(tmp_path: Path, entries: list[DeskEntry]) -> None:
    """With world time nearly standing still, `--for` ends it, with what was recorded till then."""
    progress = run(tmp_path, entries, LiveSchedule(entries[9].recorded_at, 1.0, None), for_s=0.5)
    assert 0.5 <= progress.seconds < 5.0
    assert progress.answers.events == sum(map(len, kept(tmp_path).values())) == 10


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_every_answer(tmp_path: Path, entries: list[DeskEntry], number: int) -> None:
    """What was given is answered and counted, though the desks are slow to answer."""
    timer = threading.Timer(1.5, os.kill, (os.getpid(), number))
    timer.start()
    progress = run(tmp_path, entries, LiveSchedule(0, None, 200.0), ORR="slow=0.005")
    timer.join()
    held = kept(tmp_path)
    assert 0 < progress.answers.recorded == sum(map(len, held.values())) < len(entries)
    for name, ids in held.items():
        assert ids == ids_by_agency(entries)[name][: len(ids)]


def test_a_refusal_is_told_and_ends_the_run(tmp_path: Path, entries: list[DeskEntry]) -> None:
    """The sentence names agency, type and event and gives the desk's own words; the answer is no."""
    with pytest.raises(DeskRefused, match=r"The desk of ORR refused a SponsorPlacement \(0.*\): the address is none"):
        run(tmp_path, entries, ORR="refuse=SponsorPlacement")


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("end-after=3", r"The desk of ICE_ERO ended \(exit code 0\) with \d+ events? unanswered"),
        ("end-after=3 code=3", r"The desk of ICE_ERO ended \(exit code 3\)"),
        ("code=5", r"The desk of ICE_ERO ended \(exit code 5\) with 0 events unanswered"),
        ("nonsense", "The desk of ICE_ERO gave an answer to nothing that it was asked"),
        ("endless", r"The desk of ICE_ERO said what cannot be read \(ValueError\)"),
    ],
)
def test_a_desk_that_ends_or_babbles_is_told(tmp_path: Path, entries: list[DeskEntry], word: str, said: str) -> None:
    """Something that is needed is not there; no desk stays behind."""
    with pytest.raises(DeskFailed, match=said):
        run(tmp_path, entries, ICE_ERO=word)


def test_a_desk_that_cannot_be_started_is_told(tmp_path: Path, entries: list[DeskEntry]) -> None:
    """The sentence names whose desk it is."""
    nowhere = {**fakes(tmp_path), "EOIR_ADAPTER": [str(tmp_path / "nowhere")]}
    with pytest.raises(DeskFailed, match="The desk of EOIR_ADAPTER cannot be started"):
        asyncio.run(run_live(LiveConfig(nowhere, AT_ONCE, None, time.monotonic), entries))


def test_a_desk_that_never_answers_holds_up_nobody_for_ever(
    tmp_path: Path, entries: list[DeskEntry], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So many lines wait and no more; at the end it is killed, and the run says so."""
    monkeypatch.setattr(desk_process, "MAX_UNANSWERED", 5)
    monkeypatch.setattr(desk_process, "EXIT_TIMEOUT_S", 1.0)
    timer = threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGTERM))
    timer.start()
    with pytest.raises(DeskFailed, match="did not end within 1 s and was killed, with 5 events unanswered"):
        run(tmp_path, entries, ORR="deaf")
    timer.join()


def test_slow_desks_are_noticed(tmp_path: Path, entries: list[DeskEntry], monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for more than the desks can do, the run says that it waited for them."""
    monkeypatch.setattr(desk_process, "MAX_UNANSWERED", 4)
    progress = run(tmp_path, entries[:60], LiveSchedule(0, None, 1000.0), ORR="slow=0.02")
    assert progress.slower_than_asked
    assert progress.rate < 500


def test_a_desk_that_starts_late_is_not_called_slow(
    tmp_path: Path, entries: list[DeskEntry], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until its first answer the clock stands still, so that nothing is held against it."""
    monkeypatch.setattr(desk_process, "MAX_UNANSWERED", 16)
    progress = run(tmp_path, entries[:60], LiveSchedule(0, None, 50.0), ORR="late=4")
    assert 1.18 <= progress.seconds < 4.0
    assert progress.sent == 60
    assert not progress.slower_than_asked


def test_what_a_desk_says_to_people_is_passed_on(tmp_path: Path, entries: list[DeskEntry]) -> None:
    """Its standard error comes through, with whose desk it is."""
    resolve_corrections: list[str] = []
    run(tmp_path, entries[:3], resolve_corrections=resolve_corrections, ORR="speak")
    assert resolve_corrections == ["ORR: The desk is open."]
