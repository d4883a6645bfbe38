"""Replaces the values in casefeed's output that differ from run to run; everything else must be equal.

A value of fixed width is replaced by one of the same shape, N for each character, so that tables keep their layout.
Only a length of time in words has no fixed width: a table that contains one loses the padding of its columns.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

LONGEST_RUN = timedelta(hours=2)
SPAN = r"(?:\d[\d,]* (?:years|months|days|hours|minutes|seconds)|1 second|less than a second)"
"""A length of time in words."""
BOX = "┏┡┃│└"


def hidden(text: str, characters: str = r"\d") -> str:
    """The text with N for each of these characters."""
    return re.sub(characters, "N", text)


@dataclass
class Run:
    """One run of the scenario: its directory, when it began, and the child keys that desks gave in it."""

    folder: Path
    began: datetime
    children: set[str] = field(default_factory=set)

    def note_new_child(self, line: str, errors: str) -> None:
        """Keep the random child key that `record --new-child` reports on standard error."""
        if "--new-child" in line:
            self.children.update(re.findall(r"of child ([a-z2-7]{16}) under", errors))

    def during(self, moment: datetime) -> bool:
        """Whether a time lies in this run."""
        return self.began - timedelta(seconds=5) <= moment <= self.began + LONGEST_RUN


def downloads(text: str, run: Run) -> str:
    """Drop what `stack up` says where Kafka and registry are not in the cache yet."""
    return re.sub(r"(?m)^(?:Fetching|Fetched|Another casefeed is fetching).*\n", "", text)


def parked_no_more(text: str, run: Run) -> str:
    """Drop the log line that a reason parks no record any more, which an intake logs only after its first second."""
    return re.sub(r'(?m)^\{.*"event": "no record is parked for this reason any more".*\n', "", text)


def folders(text: str, run: Run) -> str:
    """Hide the random ends of two folders: this run's, which all paths are under, and the demo's own."""
    text = text.replace(str(run.folder), hidden(str(run.folder), "[^/-](?=[^/-]*$)"))
    return re.sub(r"(?<=/casefeed-demo-)\w{8}", lambda found: hidden(found[0], r"\w"), text)


def ports(text: str, run: Run) -> str:
    """Hide the ports of the stack (20000 to 32000, free at its start) and the one of a `--listen` with port 0."""
    text = re.sub(r"(?<=127\.0\.0\.1:)[23]\d{4}\b", "NNNNN", text)
    return re.sub(r'(?<="port": )\d+(?=, "event": "listening")', "NNNNN", text)


def processes(text: str, run: Run) -> str:
    """Hide process ids, with the padding after one in the table of the stack."""
    text = re.sub(r"\b(pid|supervisor) \d+ *", r"\1 N", text)
    return re.sub(r'("(?:kafka_|registry_)?pid": )\d+', r"\1N", text)


def clusters(text: str, run: Run) -> str:
    """Hide the id of the Kafka cluster, random at its first start."""
    return re.sub(r'(?<="cluster_id": ")[\w-]{22}(?=")', "N" * 22, text)


def sources(text: str, run: Run) -> str:
    """Hide the random end of the name that a desk gives its source; those of archives are always the same."""
    return re.sub(r"(?<=-desk-)[a-z2-7]{13}\b", "N" * 13, text)


def children(text: str, run: Run) -> str:
    """Hide the keys of the children of `record --new-child`."""
    for key in run.children:
        text = text.replace(key, "N" * len(key))
    return text


def ids(text: str, run: Run) -> str:
    """Hide the UUIDv7 of events and statements that were made in this run; those of seeds and worlds stay."""

    def one(found: re.Match[str]) -> str:
        made = datetime.fromtimestamp(int(found[0][:8] + found[0][9:13], 16) / 1000, UTC)
        return hidden(found[0], "[0-9a-f]") if run.during(made) else found[0]

    return re.sub(r"\b[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\b", one, text)


def times(text: str, run: Run) -> str:
    """Hide the digits of times and days (UTC) that lie in this run."""

    def one(found: re.Match[str]) -> str:
        day, clock = found["day"], found["clock"]
        if clock:
            now = run.during(datetime.fromisoformat(f"{day}T{clock}+00:00"))
        else:
            now = day in {f"{each:%Y-%m-%d}" for each in (run.began, run.began + LONGEST_RUN)}
        return hidden(found[0]) if now else found[0]

    return re.sub(r"\b(?P<day>2\d{3}-\d\d-\d\d)(?:[T ](?P<clock>\d\d:\d\d:\d\d(?:\.\d+)?))?", one, text)


def moments(text: str, run: Run) -> str:
    """Hide times in ms since 1970 that lie in this run."""

    def one(found: re.Match[str]) -> str:
        return hidden(found[0]) if run.during(datetime.fromtimestamp(int(found[0]) / 1000, UTC)) else found[0]

    return re.sub(r"\b\d{13}\b", one, text)


def ages(text: str, run: Run) -> str:
    """Hide how long ago something was, in words and as `ice status` has it in seconds and in its table's columns."""
    text = re.sub(rf"\b{SPAN} ago\b", "N units ago", text)
    text = re.sub(r'("(?:occurred|recorded|published|received)": )\d+\.\d+', r"\1N.N", text)
    text = re.sub(r"(waits? at this desk, the oldest for|has waited for) \d+ minutes?", r"\1 N minutes", text)
    text = re.sub(r'("waiting_seconds": )\d+\.\d+', r"\1N.N", text)
    return re.sub(rf"(?<=│ ){SPAN}(?= *│)", "N units", text)


def delays(text: str, run: Run) -> str:
    """Hide how long after another a time came that lies in this run; `times` has hidden that time before."""
    text = re.sub(rf"(N:NN [+]00:00  )(?:{SPAN} (?:later|earlier, by its clock)|at once)", r"\1N units later", text)
    text = re.sub(r'("(?:published|received)": )-?\d+(?=[,\n])', r"\1N", text)
    return re.sub(
        rf'("(?:published|received)": )"(?:{SPAN} (?:later|earlier, by its clock)|at once)"',
        r'\1"N units later"',
        text,
    )


def speeds(text: str, run: Run) -> str:
    """Hide how long a command took: of what sends or records with the events a second, of a step of the demo."""
    text = re.sub(r"\b[\d,]+\.\d s \([\d,.]+ events/s\)", "N.N s (N events/s)", text)
    return re.sub(r"(?m)^  [\d,]+\.\d s$", "  N.N s", text)


RULES: tuple[Callable[[str, Run], str], ...] = (
    downloads, parked_no_more, folders, ports, processes, clusters, sources, children, ids, times, moments, ages,
    delays, speeds,
)  # fmt: skip
TABLE = re.compile(rf"(?m)(?:^[{BOX}].*\n)+")


def filtered(text: str, run: Run) -> str:
    """What a command said, without what differs from run to run."""
    for rule in RULES:
        text = rule(text, run)
    return TABLE.sub(lambda table: unpadded(table[0]) if "N units" in table[0] else table[0], text)


def unpadded(table: str) -> str:
    """A table without what makes its columns wide."""
    return re.sub(r"([━─ ])\1+", r"\1", table)
