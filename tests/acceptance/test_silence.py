"""No personal value in any output: a full case goes through every command, faults included, and all is searched."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from casefeed.cli.app import casefeed, run
from casefeed.contract import archive, catalogue, codec, framing
from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC, STATEMENT_TOPICS
from tests.events import ABOUT, ALL, SECRETS, correction
from tests.feedkit import (
    FeedEnv,
    KafkaRecord,
    Raw,
    child_key,
    drop_topics,
    event_id,
    fresh_topics,
    make_event,
    register_all,
)
from tests.stack_services import StackServices

KEY = child_key(1)
SYNC = b"sixteen bytes ok"
# The date of birth of the case, as any form of it: ISO, days, and what a careless repr would show.
BIRTH = ("2005-08-05", "datetime.date(2005, 8, 5)", "'birth_date': 13000", '"birth_date": 13000')
REAL = ("Realperson", "A204999888", "867-5309", "Realstreet")
"""Values of a record that is not synthetic; they may not even be kept."""


@dataclass
class Heard:
    """Runs commands and keeps all that they write to the file descriptors of output and errors."""

    capture: pytest.CaptureFixture[str]
    said: dict[str, str] = field(default_factory=dict)

    def run(self, *words: str, code: int = 0) -> str:
        """Run a casefeed command; its exit code must be `code`."""
        return self.keep(
            " ".join(words),
            run(lambda: casefeed.main(args=list(words), prog_name="casefeed", standalone_mode=False)),
            code,
        )

    def given(self, events: bytes, *words: str, code: int = 0) -> str:
        """Run a casefeed command with events on its standard input; its exit code must be `code`."""
        command = [sys.executable, "-m", "casefeed", *words]
        return self.keep(
            f"{' '.join(words)} < {len(self.said)}",
            subprocess.run(command, input=events, timeout=120, check=False).returncode,
            code,
        )

    def execute(self, command: list[str]) -> str:
        """Run a command of ours that is a process of its own; it must succeed."""
        return self.keep(" ".join(command), subprocess.run(command, timeout=120, check=False).returncode, 0)

    def keep(self, words: str, code: int, expected: int) -> str:
        """Take in what was said since the last command."""
        out, err = self.capture.readouterr()
        self.said[words] = out + err
        assert code == expected, f"{words}: exit {code}\n{out}{err}"
        return out + err


def write(path: Path, events: list[tuple[str, Raw]], *, checked: bool = True) -> None:
    """An archive of events; unchecked, as a careless sender would write it."""
    import io

    from fastavro import schemaless_writer

    def envelope(short: str, raw: Raw) -> archive.Envelope:
        kind = catalogue.load_catalogue().by_name(short)
        if checked:
            datum = codec.encode(kind, raw)
        else:
            out = io.BytesIO()
            schemaless_writer(out, kind.raw_schema, raw)
            datum = out.getvalue()
        return archive.Envelope(
            raw["header"]["child_key"], framing.cloud_event_headers(kind, raw), kind.fingerprint, datum
        )

    with path.open("wb") as out:
        archive.write_archive(out, (envelope(*each) for each in events), sync_marker=SYNC)


def full_case() -> dict[str, list[tuple[str, Raw]]]:
    """One child with an event of every type, by topic."""
    kinds = catalogue.load_catalogue()
    told: dict[str, list[tuple[str, Raw]]] = {ORR_TOPIC: [], ICE_TOPIC: []}
    for topic, source in ((ORR_TOPIC, "orr-test"), (ICE_TOPIC, "ice-test")):
        for number, kind in enumerate(kinds.on_topic(topic), start=1):
            told[topic].append((kind.short_name, make_any(kind.short_name, number, source)))
    return told


def make_any(short: str, sequence: int, source: str) -> Raw:
    """An event of any type of child 1."""
    header = make_event("NtaIssued", 1, sequence, source=source, days=sequence)["header"]
    if short == "EventCorrected":
        right = make_event("NtaIssued", 1, 1, source=source)["header"]
        return {
            "header": header,
            **correction("PlacementAddressChanged", {"header": right, **ALL["PlacementAddressChanged"]}),
        }
    return {"header": header, **(ALL | ABOUT)[short]}


@pytest.fixture
def heard(
    stack: StackServices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Heard:
    """A home of its own on the running stack."""
    fresh_topics(stack.bootstrap, (ORR_TOPIC, ICE_TOPIC), 6)
    drop_topics(stack.bootstrap, tuple(STATEMENT_TOPICS.values()))
    for name, value in {
        "HOME": str(tmp_path / "home"),
        "KAFKA_BOOTSTRAP": stack.bootstrap,
        "REGISTRY_URL": stack.registry_url,
    }.items():
        monkeypatch.setenv(f"CASEFEED_{name}", value)
    monkeypatch.setenv("COLUMNS", "400")
    return Heard(capfd)


def spoil(stack: StackServices, tmp_path: Path) -> None:
    """Records that are parked or refused, all holding personal values."""
    feed_env = FeedEnv(stack.bootstrap, stack.registry_url, tmp_path / "none.db", register_all(stack.registry_url))
    placed = feed_env.kafka_record("SponsorPlacement", make_any("SponsorPlacement", 90, "orr-test"))
    assert placed.value is not None
    real = make_any("ChildTransferred", 91, "orr-test")
    real["header"] = {**real["header"], "synthetic": False}
    real["child"] = {**real["child"], "given_name": "Realperson", "a_number": "A204999888"}
    write(tmp_path / "real.avro", [("ChildTransferred", real)], checked=False)
    with (tmp_path / "real.avro").open("rb") as source:
        (envelope,) = archive.read_archive(source)
    feed_env.send(
        KafkaRecord(ORR_TOPIC, placed.key, placed.value[:-2], placed.headers),
        KafkaRecord(ORR_TOPIC, placed.key, placed.value + b"Quillfeather", placed.headers),
        KafkaRecord(ORR_TOPIC, b"A204999888", placed.value, placed.headers),
        KafkaRecord(
            ORR_TOPIC, b"Realperson of Realstreet", b"\x07 Realperson, Realstreet", [("Realperson", b"A204999888")]
        ),
        KafkaRecord(
            ORR_TOPIC,
            envelope.key.encode(),
            framing.frame(feed_env.schema_ids["casefeed.ChildTransferred"], envelope.datum),
        ),
    )


def record_at_the_desks(heard: Heard, case: dict[str, list[tuple[str, Raw]]]) -> None:
    """The events of a case are recorded once more, by themselves and as lines, with every kind of refusal between."""
    for topic, events in case.items():
        agency = "orr" if topic == ORR_TOPIC else "ice"
        given = [desk_form(short, raw) for short, raw in events]
        lines = [json.dumps(each).encode() for each in given]
        heard.given(lines[0], agency, "record")
        heard.given(lines[0], agency, "record")
        other = {**given[0], "child": {**given[0].get("child", {}), "Quillfeather": 1}}
        heard.given(json.dumps(other).encode(), agency, "record", code=1)
        heard.given(lines[0][:-1], agency, "record", code=1)
        real = {**given[0], "header": {**given[0]["header"], "synthetic": False, "child_key": "Realperson"}}
        spoilt = [lines[1][:-9], b"Realperson of Realstreet", json.dumps(other).encode(), json.dumps(real).encode()]
        heard.given(b"\n".join([*lines, *spoilt, lines[0]]), agency, "record", "--lines", code=1)
        heard.run(agency, "relay", "--until-empty")
        for form in ("table", "json"):
            heard.run(agency, "status" if agency == "orr" else "outbox", "--format", form)


def desk_form(short: str, raw: Raw) -> Raw:
    """An event as a desk takes it, of another child than the case's."""
    by_desk = ("source", "sequence", "agreement_profile", "event_id")
    header = {name: value for name, value in raw["header"].items() if name not in by_desk}
    header["event_id"] = event_id()
    given = {**raw, "type": short, "header": {**header, "child_key": child_key(2)}}
    if "restated" in given:
        kind, right = codec.corrected_event(catalogue.load_catalogue().by_name(short), raw)
        right["header"].pop("event_id")
        right["header"].pop("child_key")
        given["restated"] = {"type": kind.short_name, **right}
        given.pop("restated_dataschema")
    return given


def test_no_output_of_any_command_holds_a_personal_value(heard: Heard, stack: StackServices, tmp_path: Path) -> None:
    """Replay, refusals, intake, parking, every question and every log: only masks, codes and the pseudonym."""
    case = full_case()
    for topic, events in case.items():
        write(tmp_path / f"{topic}.avro", events)
    spoil_at = tmp_path / "spoil"
    spoil_at.mkdir()
    heard.run("orr", "replay", str(tmp_path / f"{ORR_TOPIC}.avro"))
    heard.run("ice", "replay", str(tmp_path / f"{ICE_TOPIC}.avro"))
    record_at_the_desks(heard, case)
    spoil(stack, spoil_at)
    heard.run("orr", "replay", str(spoil_at / "real.avro"), code=1)
    broken = make_any("SponsorPlacement", 95, "orr-test")
    broken["owning_area"] = "Quillfeather"
    write(tmp_path / "broken.avro", [("SponsorPlacement", broken)], checked=False)
    heard.run("orr", "replay", str(tmp_path / "broken.avro"), code=1)
    taken = heard.run("ice", "intake", "--until-caught-up")
    assert "3 parked, 2 refused" in taken
    heard.run("ice", "intake", "--until-caught-up", "--from-start")
    for form in ("table", "json"):
        heard.run("ice", "case", KEY, "--format", form)
        heard.run("ice", "parked", "list", "--format", form)
        for number in ("1", "2", "3"):
            heard.run("ice", "parked", "show", number, "--format", form)
        heard.run("ice", "parked", "redrive", "--all", "--dry-run", "--format", form, code=1)
        heard.run("ice", "refused", "--format", form)
        heard.run("ice", "gaps", "list", "--format", form)
        for name in ("absences", "failures", "addresses"):
            heard.run("ice", "list", name, "--format", form)
        heard.run("ice", "scorecard", "--format", form)
        for topic in (ORR_TOPIC, ICE_TOPIC):
            heard.run("tail", topic, "--no-follow", "--format", form)
    heard.run("ice", "case", "A204999888", code=2)
    heard.run("tail", ORR_TOPIC, "--no-follow", "--child", "Realperson", code=2)
    heard.run("settings")
    example = ["-m", "example_reader", "--until-caught-up", "--state", str(tmp_path / "example.db")]
    heard.execute([sys.executable, *example])
    for words, said in heard.said.items():
        for secret in (*SECRETS, *BIRTH, *REAL):
            assert secret not in said, f"{secret} in the output of `{words}`"
    stores = ("ice.db", "desk.db")
    files = [file for file in (tmp_path / "home").rglob("*") if file.is_file()]
    kept = [file for file in files if not file.name.startswith(stores)]
    assert kept, "replay keeps its progress under home"
    for file in kept:
        for value in (*SECRETS, *REAL):
            assert value.encode() not in file.read_bytes(), f"{value} in {file.name}"


@pytest.mark.finding("OIG-25-21/oversight")
def test_a_masked_case_still_tells_its_story(heard: Heard, tmp_path: Path) -> None:
    """Masks hide values, not facts: the timeline names every event of the child."""
    for topic, events in full_case().items():
        write(tmp_path / f"{topic}.avro", events)
        agency = "orr" if topic == ORR_TOPIC else "ice"
        heard.run(agency, "replay", str(tmp_path / f"{topic}.avro"))
    heard.run("ice", "intake", "--until-caught-up")
    told = heard.run("ice", "case", KEY, "--format", "json")
    for kind in catalogue.load_catalogue().event_types.values():
        assert kind.short_name in told
