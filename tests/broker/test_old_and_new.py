"""The release before beside this one: its reader on this release's bytes, this reader and relay on its files.

The release before is the wheel of its commit, built here and run on the same dependencies.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from casefeed.contract import catalogue, codec, framing
from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC, EventType
from casefeed.contract.reasons import ParkedReason
from casefeed.contract.resources import data_dir, seeds_dir
from casefeed.kafka.records import ReceivedRecord
from casefeed.schema_tools import golden
from casefeed.schema_tools.releases import version_key
from tests.broker.test_bad_input import register
from tests.desk_helpers import desk_input, event_inputs
from tests.feedkit import FeedEnv, KafkaRecord, make_event
from tests.relay_processes import assert_in_order_and_complete, run_record, run_relay
from tests.released import BEFORE_THE_PACKAGES_MOVED, COMMITS, FOLDER, RELEASES
from tests.restarts import environment, figures, run_casefeed
from tests.seed_records import decode_envelope, kafka_record, seeds
from tests.topic_records import first_arrivals, topic_records
from tests.wheels import build_and_unpack_commit, build_and_unpack_release, with_wheel

BEFORE = max(COMMITS, key=version_key)
KNOWN_BEFORE = {path.stem for path in (FOLDER / BEFORE).glob("*.avsc")}
TRUTH = json.loads((seeds_dir() / "truth.json").read_text(encoding="utf-8"))
DAYS = [*TRUTH["as_of"], *TRUTH["known_by"]]
# They are of later, so that they count for nothing then.
BEFORE_THE_SPECIMENS = "2023-12-31"
SAYS_WHERE = "import casefeed, ice_caseload; print(casefeed.__path__[0], ice_caseload.__path__[0])"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the release before, unpacked."""
    return build_and_unpack_release(BEFORE, tmp_path_factory.mktemp("before"))


@pytest.fixture(scope="module", params=["release", "packages"])
def earlier_wheel(request: pytest.FixtureRequest, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheels that wrote files which must open as before: the release, and the last with the packages of old."""
    if request.param == "release":
        return wheel
    folder = tmp_path_factory.mktemp("packages")
    return build_and_unpack_commit(BEFORE_THE_PACKAGES_MOVED, folder, "The wheel with the packages of old")


@pytest.fixture
def earlier(now: dict[str, str], earlier_wheel: Path) -> dict[str, str]:
    """An earlier wheel on the same stack and the same files."""
    return with_wheel(now, earlier_wheel)


@pytest.fixture
def now(feed_env: FeedEnv, tmp_path: Path) -> dict[str, str]:
    """This release on the running stack."""
    return environment(feed_env, tmp_path)


@pytest.fixture
def before(now: dict[str, str], wheel: Path) -> dict[str, str]:
    """The release before on the same stack and the same files."""
    return with_wheel(now, wheel)


def known(topic: str, feed_env: FeedEnv) -> list[KafkaRecord]:
    """The seeds of a topic, as far as the release before knows their event types."""
    return [
        kafka_record(feed_env, topic, each) for each in seeds(topic) if decode_envelope(each)[0].name in KNOWN_BEFORE
    ]


def specimens(feed_env: FeedEnv, names: set[str]) -> list[KafkaRecord]:
    """One event of each of these types, with every optional field set."""
    types = {name: kind for name, kind in catalogue.load_catalogue().event_types.items() if name in names}
    events = golden.load_specimens(data_dir() / "specimens", types)
    return [feed_env.kafka_record(kind.short_name, events[name]) for name, kind in types.items()]


def of_a_type_to_come(feed_env: FeedEnv) -> KafkaRecord:
    """A record of an event type that no release knows, such as the next one may bring."""
    located = catalogue.load_catalogue().by_name("ChildLocated")
    schema = json.loads(located.canonical_json.replace("ChildLocated", "ChildSpokenWith"))
    raw = make_event("ChildLocated", 990, 1)
    value = framing.frame(register(feed_env, "casefeed.ChildSpokenWith", schema), codec.encode(located, raw))
    headers = framing.cloud_event_headers(EventType.from_schema(schema), raw)
    return KafkaRecord(ORR_TOPIC, raw["header"]["child_key"].encode(), value, list(headers))


def aside(path: Path) -> tuple[int, list[str]]:
    """How many events a ledger of any release holds, and the reasons for which records were parked or refused."""
    with closing(sqlite3.connect(path)) as db:
        reasons = db.execute("SELECT reason FROM parked UNION ALL SELECT reason FROM refused").fetchall()
        return db.execute("SELECT count(*) FROM event").fetchone()[0], [row[0] for row in reasons]


def test_the_release_before_is_what_runs(before: dict[str, str], wheel: Path) -> None:
    """Its commands come from its wheel, not from this checkout; else all that follows would show nothing."""
    said = subprocess.run([sys.executable, "-c", SAYS_WHERE], env=before, capture_output=True, text=True, check=True)
    assert said.stdout.split() == [str(wheel / "casefeed"), str(wheel / "ice_caseload")]


def test_every_release_but_the_newest_can_be_built() -> None:
    """Each has its commit written down; the newest gets its own once it is tagged."""
    assert sorted(RELEASES, key=version_key)[:-1] == sorted(COMMITS, key=version_key)[: len(RELEASES) - 1]


def test_the_reader_before_keeps_what_it_knows_and_parks_what_it_does_not(
    feed_env: FeedEnv, tmp_path: Path, now: dict[str, str], before: dict[str, str]
) -> None:
    """On bytes of this release: every event of a type it knows is held and counted as this reader counts it, every
    other record is parked as of no type of its feed, and it reads on to the end.

    Seen to fail with a reader that raises at an event type it does not know, put into the unpacked wheel: it stops.
    """
    feed = [*known(ORR_TOPIC, feed_env), *known(ICE_TOPIC, feed_env)]
    feed_env.send(*feed)
    beside = tmp_path / "beside" / "ice.db"
    run_casefeed(now | {"CASEFEED_LEDGER_URL": f"sqlite:///{beside}"}, "ice", "intake", "--until-caught-up")
    ours = set(catalogue.load_catalogue().event_types)
    unknown = [of_a_type_to_come(feed_env), *specimens(feed_env, ours - KNOWN_BEFORE)]
    later = specimens(feed_env, ours & KNOWN_BEFORE)
    feed_env.send(*unknown, *later)
    run_casefeed(before, "ice", "intake", "--until-caught-up")
    parked = [ParkedReason.OTHER_SUBJECT.value] * len(unknown)
    assert aside(feed_env.path) == (len(feed) + len(later), parked)
    said = run_casefeed(before, "ice", "scorecard", "--as-of", BEFORE_THE_SPECIMENS, "--format", "json")
    expected = figures(beside, [BEFORE_THE_SPECIMENS])[BEFORE_THE_SPECIMENS]
    assert json.loads(said)["figures"] == expected
    assert expected["failed_to_appear"] > 0


def test_this_reader_goes_on_with_a_ledger_of_the_release_before(
    feed_env: FeedEnv, tmp_path: Path, now: dict[str, str], earlier: dict[str, str]
) -> None:
    """It brings the file up to date, reads on from its position, and counts what one pass of its own counts.

    Seen to fail with a reader that begins anew whatever the positions say (806 events held already).
    """
    feed = {topic: known(topic, feed_env) for topic in (ORR_TOPIC, ICE_TOPIC)}
    feed_env.send(*(each for records in feed.values() for each in records[::2]))
    run_casefeed(earlier, "ice", "intake", "--until-caught-up")
    half, _ = aside(feed_env.path)
    feed_env.send(*(each for records in feed.values() for each in records[1::2]))
    said = run_casefeed(now, "ice", "intake", "--until-caught-up")
    everything = sum(map(len, feed.values()))
    assert 0 < half < everything
    assert said.startswith(f"{everything - half:,} events applied, 0 held already")
    assert aside(feed_env.path) == (everything, [])
    beside = tmp_path / "beside" / "ice.db"
    run_casefeed(now | {"CASEFEED_LEDGER_URL": f"sqlite:///{beside}"}, "ice", "intake", "--until-caught-up")
    assert figures(feed_env.path, DAYS) == figures(beside, DAYS)


def test_this_relay_goes_on_with_a_desk_of_the_release_before(
    feed_env: FeedEnv, now: dict[str, str], earlier: dict[str, str]
) -> None:
    """What waits there goes out, once and in order, after what was sent before; new facts get the next numbers.

    Seen to fail with a relay that sends again what the one before had marked, and with one that passes over what was
    recorded before (it never comes to an end).
    """
    kinds = ("ChildTransferred", "SponsorPlacement", "RunawayFromCustody", "ChildLocated")
    first = [desk_input(kind, child) for kind in kinds for child in range(10)]
    answers: list[dict[str, Any]] = run_record("orr", earlier, first)
    run_relay("orr", earlier)
    answers += run_record("orr", earlier, event_inputs(10, 3))
    answers += run_record("orr", now, event_inputs(10, 2))
    run_relay("orr", now)
    rows = topic_records(feed_env.bootstrap)
    assert len(rows) == len(answers)
    assert_in_order_and_complete(rows, answers)
    assert gapless(rows, answers)
    tally = feed_env.run_intake().counts
    assert (tally.applied, sum(tally.parked.values())) == (len(answers), 0)


def gapless(rows: Sequence[ReceivedRecord], answers: Sequence[dict[str, Any]]) -> bool:
    """Whether the numbers under which each child's events lie on the topic go up one by one from 1."""
    sequence = {each["event_id"]: each["sequence"] for each in answers}
    numbers = [[sequence[each] for each in told] for told in first_arrivals(list(rows)).values()]
    return all(found == list(range(1, len(found) + 1)) for found in numbers)
