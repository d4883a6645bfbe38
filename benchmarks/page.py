"""Writes docs/performance.md from what was measured; the page holds no figure that a run did not give."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.startup import CLICK, RUNS

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
NAMES = {
    "ours": "casefeed's intake",
    "confluent": "confluent-kafka `consume(5000)`, fastavro, the pydantic model, sqlite3",
    "stream": "FastStream batch subscriber, fastavro, the pydantic model, SQLAlchemy Core",
}
OURS = {"ours": "casefeed orr replay", "first": "casefeed orr replay, which the desk takes in first (one run)"}
STARTUP_TARGETS = {
    "casefeed --version": "2", "casefeed ice list absences": "4", "casefeed ice case KEY": "4", "casefeed ice scorecard, no broker": "4",
}  # fmt: skip
TARGETS = {"stream": 2.0, "confluent": 1.5}


def write_page(found: dict[str, Any]) -> None:
    """Write the page anew."""
    PAGE.write_text(page_text(found), encoding="utf-8")


def page_text(found: dict[str, Any]) -> str:
    """The whole page."""
    parts = [
        _head(found["machine"], found.get("note", "")), _consume(found), _end_to_end(found), _publish(found["publish"]),
        _latency(found["latency"]), _questions(found), _startup(found["startup"]), _parts(found["parts"]), _micro(found["rooms"]), FOOTER,
    ]  # fmt: skip
    return "\n".join(parts)


def table(columns: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown, numbers to the right."""
    lines = ["| " + " | ".join(columns) + " |", "| --- |" + " ---: |" * (len(columns) - 1)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows), ""])


def _head(machine: dict[str, str], note: str) -> str:
    return f"""# Performance

Measured on {machine["day"]} with `make bench`, which wrote this page: {machine["system"]}, 2 cores, Python
{machine["python"]}, a real Kafka and registry on the same machine. Such machines are noisy: a rate alone says little, a
ratio within one table is what counts. Every process holds every record to the whole contract, and its figures were
compared with the truth; a run whose figures differ ends the benchmark.{note and " " + note}
"""


def _consume(found: dict[str, Any]) -> str:
    consumed, ours = found["consume"], found["consume"]["ours"]
    rows = [
        [
            NAMES[name],
            f"{each['rate']:,.0f}",
            f"{min(each['rates']):,.0f} to {max(each['rates']):,.0f}",
            f"{each['cpu_us']:.0f}",
            f"{each['peak_mib']:.0f}",
            "1" if name == "ours" else f"{ours['rate'] / each['rate']:.2f}",
        ]
        for name, each in consumed.items()
    ]
    verdicts = "\n".join(
        f"- At least {target:g} times {NAMES[name]}: {_target_note(ours['rate'] / consumed[name]['rate'], target)}"
        for name, target in TARGETS.items()
    )
    columns = ["consumer", "events/s", "the three runs", "CPU us/event", "peak MiB", "ours is, times"]
    return f"""## Reading: the intake beside two peers

{ours["events"]:,} events of the world at 1:10 lie on both topics. Each consumer is a process of its own and reads them
to the end into an empty SQLite file: decode, every rule and guard, an event known by its id, fold and figures (the same
functions), log, facts, counters, lists and position, one commit a batch of at most 5,000, the same store settings. The
medians of three interleaved rounds, from the process's first look at the broker to its last commit
(`benchmarks/consume.py`; the peers are `benchmarks/peers/`). Not all of the lead is the codec's: the ledger keeps ids as
bytes and children by number, where the peers keep the texts that the events bring, and the intake looks for garbage
seldom.

{table(columns, rows)}
{verdicts}
{_other_run(found)}"""


def _other_run(found: dict[str, Any]) -> str:
    """What an earlier run said, given with --beside: one run on such a machine is no answer."""
    if "another" not in found:
        return ""
    other, ours = found["another"], found["another"]["consume"]["ours"]
    told = "; ".join(
        f"{other['consume'][name]['rate']:,.0f} events/s, {ours['rate'] / other['consume'][name]['rate']:.2f}, for {words}"
        for name, words in NAMES.items()
        if name != "ours"
    )
    here, there = (each["10"]["build"]["cpu_us"] for each in (found, other))
    return f"""
Another run the same day, on a faster phase of the machine: {ours["rate"]:,.0f} events/s for the intake ({ours["cpu_us"]:.0f} us
of CPU an event); {told}. Building the world, which no broker and no peer touches, took {here:.0f} us of CPU an event in the
run above and {there:.0f} in that one: a slow phase costs code in Python more than libraries in C, and of the three the intake
has the most of its time in Python. Whether the targets are met depends on the phase; where the time goes stands at the end of
this page.
"""


def _target_note(ratio: float, target: float) -> str:
    return f"yes, {ratio:.2f}." if ratio >= target else f"**missed**, {ratio:.2f}."


def _end_to_end(found: dict[str, Any]) -> str:
    rows = []
    for scale in ("100", "10", "1"):
        each = found[scale]
        for what in ("build", "publish", "intake"):
            cost = each[what]
            rows.append(
                [
                    f"1:{scale}, {what}", f"{each['events']:,}", f"{cost['seconds']:.1f}", f"{cost['rate']:,.0f}",
                    f"{cost['cpu_us']:.0f}", f"{cost['peak_mib']:.0f}",
                ]
            )  # fmt: skip
    one, ten, hundred = found["1"], found["10"], found["100"]
    both = one["publish"]["seconds"] + one["intake"]["seconds"]
    january, may, october = (one["reports"][day] for day in ("2025-01-31", "2024-05-31", "2024-10-31"))
    columns = ["scale, step", "events", "seconds", "events/s", "CPU us/event", "peak MiB"]
    return f"""## The whole loop, from 4,480 children to all 448,000

Each step by its command, one after the other: `casefeed world build`, `world replay`, `ice intake --until-caught-up`
(`benchmarks/end_to_end.py`). The peak counts a command's child processes too.

{table(columns, rows)}
- At 1:1 the scorecard's figures are the truth's, and the truth's are the reports': {january["transfers"]:,} transferred,
  {january["release_address_defective"]:,} release addresses that mail cannot reach, {may["nta_not_served"]:,} without a
  served NTA on 2024-05-31 and {january["nta_not_served"]:,} on 2025-01-31, {may["failed_to_appear"]:,} failed to appear by
  2024-05-31 and {october["failed_to_appear"]:,} by 2024-10-31.
- Building the world at 1:1 takes {one["build"]["seconds"]:.0f} s, publishing and taking it in {both:.0f} s: building is
  {"no slower" if one["build"]["seconds"] <= both else "**slower**"} than the loop.
- World building stays under 512 MiB at 1:1: {_under(one["build"]["peak_mib"], 512)} Intake under 256 MiB:
  {_under(one["intake"]["peak_mib"], 256)}
- CPU an event of the intake at 1:10 over 1:100: {ten["intake"]["cpu_us"] / hundred["intake"]["cpu_us"]:.2f} (at most 1.2
  wanted); at 1:1 over 1:100: {one["intake"]["cpu_us"] / hundred["intake"]["cpu_us"]:.2f}. The ledger takes
  {one["ledger_bytes"]:.0f} bytes an event at 1:1.
"""


def _under(peak: float, limit: float) -> str:
    return f"yes, {peak:.0f}." if peak < limit else f"**no**, {peak:.0f}."


def _publish(published: dict[str, Any]) -> str:
    ours = published["ours"]
    rows = [
        [
            OURS.get(name, name),
            f"{each['rate']:,.0f}",
            f"{each['cpu_us']:.0f}",
            f"{each['peak_mib']:.0f}",
            "1" if name == "ours" else f"{ours['rate'] / each['rate']:.2f}",
        ]
        for name, each in published.items()
    ]
    return f"""## Publishing: replay beside confluent-kafka's producer

ORR's archive of the world at 1:10, {ours["events"]:,} envelopes, from the start of the process to the last
acknowledgement: idempotent, every in-sync replica, zstd, the same partitions (`benchmarks/publish.py`, medians of three
interleaved rounds). A replay holds every record to the contract and compares its headers with its body before it goes out,
and remembers how far it came.

{table(["producer", "events/s", "CPU us/event", "peak MiB", "ours is, times"], rows)}"""


def _latency(waits: dict[str, dict[str, float]]) -> str:
    names = {"floor": "floor: fetched by a consumer that does nothing else", "committed": "committed to ICE's ledger"}
    rows = [[names[name], f"{each['p50']:.1f}", f"{each['p99']:.1f}"] for name, each in waits.items()]
    return f"""## Latency: published to committed

1,000 events a second, one event a send, {waits["floor"]["events"]:,.0f} of them after the first 2,000, milliseconds from
handing an event to the producer (`benchmarks/latency.py`).

{table(["", "p50 ms", "p99 ms"], rows)}"""


def _questions(found: dict[str, Any]) -> str:
    names = {
        "scorecard": ("any scorecard, as-of and known-by", 1000),
        "case": ("one child's case", 20),
        "list": ("the first 50 of a list, and how many there are", 100),
    }
    rows = [
        [words, f"{each['p50']:.1f}", f"{each['slowest']:.1f}", f"{limit:,}"]
        for name, (words, limit) in names.items()
        for each in (found["1"]["questions"][name],)
    ]
    return f"""## Questions at 1:1

On the ledger of 448,000 children, each asked 40 times in other words, milliseconds without the start of the process
(`benchmarks/queries.py`).

{table(["question", "median", "slowest", "wanted under"], rows)}"""


def _startup(cpu_ms: dict[str, float]) -> str:
    click = cpu_ms[CLICK]
    rows = [
        [f"`{name}`" if name == CLICK else name, f"{each:.0f}", f"{each / click:.1f}", STARTUP_TARGETS.get(name, "")]
        for name, each in cpu_ms.items()
    ]
    return f"""## Start-up

CPU of a whole process (user and system, ms), the median of {RUNS} rounds in which each command runs once, on the ledger of
a world at 1:1000 (`benchmarks/startup.py`; `python -m benchmarks --only startup`). A question loads what it needs: the
Kafka client only where a broker listens, which the last line has.

{table(["command", "CPU ms", "times `import click`", "wanted at most"], rows)}"""


def _parts(parts: dict[str, float]) -> str:
    rows = [[part, f"{micros:.1f}"] for part, micros in sorted(parts.items(), key=lambda row: -row[1])]
    return f"""## Where the intake's time goes

One more run of the intake with a clock round each part, CPU us an event; a part holds what it calls, and the clocks cost
some us themselves (`benchmarks/intake_parts.py`).

{table(["part", "us/event"], rows)}"""


def _micro(micro: dict[str, float]) -> str:
    rows = [[stage, f"{micros:.1f}"] for stage, micros in micro.items()]
    return f"""## Where an event's time goes

The pure rooms alone, the seeds' events, best of three rounds (`python -m benchmarks.micro`). `decode` and `encode` are
the generated code with every rule inside; the lines below each are what it replaces.

{table(["stage", "us/event"], rows)}"""


FOOTER = """## How to run it

```sh
make bench
```

It takes about twenty minutes and 10 GB of disk, and writes this page. `python -m benchmarks --only consume` runs a part and
prints its figures.
"""
