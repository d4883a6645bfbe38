"""Every command prints what it printed before, byte for byte, except for the words that were renamed."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest

from casefeed.cli.app import casefeed
from tests.acceptance.transcript import golden
from tests.acceptance.transcript.filter import Run, filtered
from tests.acceptance.transcript.run import scenario, transcript

BEFORE = golden.read()
Words = tuple[str, ...]


def leaves(command: click.Command, path: Words = ()) -> Iterator[tuple[Words, click.Command]]:
    """Each command without subcommands, with the words that name it."""
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        below = command.get_command(context, name)
        assert below is not None
        yield from leaves(below, (*path, name))


COMMANDS = dict(leaves(casefeed))


@pytest.fixture(scope="module")
def now() -> dict[str, str]:
    """The transcript of this checkout."""
    return transcript(Path(sys.executable).with_name("casefeed"), scenario(), forks=True)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", [group.name for group in scenario()])
def test_every_command_prints_what_it_printed_before(name: str, now: dict[str, str]) -> None:
    """Output, errors and exit code of each command line are equal after filter and word list."""
    if difference := golden.difference(BEFORE[name], now[name], golden.renamed_words()):
        pytest.fail(f"tests/acceptance/transcript/golden/{name}.txt:\n{difference}", pytrace=False)


def test_only_what_differs_from_run_to_run_is_replaced() -> None:
    """A time, an id or a key of this run is hidden, and the same in the seeds stays; so do all numbers and words."""
    began = datetime(2026, 2, 1, 12, tzinfo=UTC)
    run = Run(Path("/tmp/casefeed-abcdefgh"), began)
    stays = "2025-03-31T21:34:19.980Z 0195e8c0-db0d-7e97-b22b-c2241ab75a5c 1743617400000 7 days later"
    assert filtered(stays, run) == stays
    hidden = "2026-02-01T12:00:05.000Z 019c1913-0d88-7e97-b22b-c2241ab75a5c 1769947205000 /tmp/casefeed-abcdefgh/feed"
    assert not re.search(r"[0-9]", filtered(hidden, run))


def test_a_renamed_word_may_differ_and_nothing_else() -> None:
    """The old word is replaced where it stands whole, in a table without its padding too; a further change shows."""
    before = "3 held already\n│ held already │ 10 │\n"
    now = "3 duplicates\n│ duplicates │ 10 │\n"
    assert golden.difference(before, now, {}) != ""
    assert golden.difference(before, now, {"held already": "duplicates"}) == ""
    assert golden.difference(before, now, {"held": "duplicates"}) != ""
    assert "+4 duplicates" in golden.difference(before, now.replace("3", "4"), {"held already": "duplicates"})


def typed() -> Iterator[Words]:
    """The words of each command of the scenario, without `casefeed` and the options before the command's name."""
    for line in (line for group in scenario() for line in group.lines):
        words = shlex.split(line.replace(";", " ; "))
        for at, word in enumerate(words):
            if word == "casefeed":
                rest = words[at + 1 :]
                while rest and rest[0].startswith("--"):
                    rest = rest[2:]
                yield tuple(rest)


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_the_scenario_has_every_command(path: Words) -> None:
    """The transcript has each command's help, a line that runs it, and one in each of its formats."""
    assert f"$ casefeed {' '.join(path)} --help\n" in BEFORE["help"]
    lines = [words for words in typed() if words[: len(path)] == path]
    assert lines
    for option in COMMANDS[path].params:
        if "--format" in option.opts and isinstance(option.type, click.Choice):
            formats = {words[words.index("--format") + 1] for words in lines if "--format" in words}
            assert formats | {option.default} >= set(option.type.choices)
