"""The pages of the docs as tests see them: links, headings, code blocks, and the commands people are told to type."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from tests.house.checkout import ROOT, files

LINK = re.compile(r"(?<!!)\[[^]\[]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
QUOTE = re.compile(r"^<!-- from (\S+) -->\n```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
SPAN = re.compile(r"`([^`\n]+)`")
# A word in capitals, or with dots, stands for what the reader fills in.
PLACEHOLDER = re.compile(r"[A-Z][A-Z0-9_:/.-]*|\.\.\.|…")


@dataclass(frozen=True)
class Page:
    """One Markdown file."""

    path: Path

    @property
    def name(self) -> str:
        """Its path from the root."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def text(self) -> str:
        """All of it."""
        return self.path.read_text(encoding="utf-8")

    @property
    def prose(self) -> str:
        """The text without code blocks."""
        return FENCE.sub("", self.text)

    def anchors(self) -> set[str]:
        """What a link may name after its `#`: the headings, as GitHub spells them."""
        return {
            re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in HEADING.findall(self.prose)
        }

    def links(self) -> list[str]:
        """The targets of its links that lie in this repository."""
        return [each for each in LINK.findall(self.prose) if not each.startswith(("http:", "https:", "mailto:"))]

    def quotes(self) -> list[tuple[str, str]]:
        """(file, lines) of every code block that says from which file it is."""
        return QUOTE.findall(self.text)

    def blocks(self) -> list[tuple[str, str]]:
        """(language, content) of every code block."""
        return FENCE.findall(self.text)

    def typed_lines(self) -> Iterator[str]:
        """Every line that a reader may type: of shell blocks, and code within a sentence."""
        for language, content in self.blocks():
            if language in ("", "sh", "bash", "shell", "console"):
                yield from content.replace("\\\n", " ").splitlines()
        yield from SPAN.findall(self.prose)


def pages() -> list[Page]:
    """Every Markdown page of the repository, but for what came with a fixture."""
    return [Page(path) for path in files() if path.suffix == ".md" and "fixtures" not in path.parts]


def commands(line: str, program: str) -> Iterator[list[str]]:
    """The words that follow `program` in a line, for each time it is called there."""
    if program not in line:
        return
    try:
        words = shlex.split(line, comments=True)
    except ValueError:  # an apostrophe: prose
        return
    called: list[str] | None = None
    for index, word in enumerate(words):
        if word in ("&&", "|", ";", "||", "<", ">", "&"):
            if called is not None:
                yield called
            called = None
        elif called is not None:
            called.append(word)
        elif word.rpartition("/")[2] == program and is_called(words[:index]):
            called = []
    if called is not None:
        yield called


def is_called(before: list[str]) -> bool:
    """Whether a program named after these words is called: it comes first, after settings, or in a container."""
    rest = [word for word in before if "=" not in word and word not in ("nice", "sudo", "time", "$")]
    return not rest or rest[-1] in ("&&", "|", ";", "||") or rest[:2] == ["docker", "compose"]


def command_errors(words: list[str], command: click.Command, parent: click.Context | None = None) -> list[str]:
    """What is wrong with a call of `command`: a command or an option that there is none, too many arguments."""
    # With its settings: click keeps what it makes of them on the command, for whoever runs it next.
    context = click.Context(command, info_name=command.name, parent=parent, **command.context_settings)
    options: dict[str, click.Option] = {
        name: each
        for each in command.get_params(context)
        if isinstance(each, click.Option)
        for name in (*each.opts, *each.secondary_opts)
    }
    taken = 0
    arguments = [each for each in command.params if isinstance(each, click.Argument)]
    at = 0
    while at < len(words):
        word = words[at].strip("[]").rstrip(",.;:") or "..."
        at += 1
        if word.startswith("-"):
            name, _, value = word.partition("=")
            if name not in options:
                return [f"{context.command_path} has no option {name}"]
            if not options[name].is_flag and not options[name].count and not value:
                at += 1
            continue
        if PLACEHOLDER.fullmatch(word) and isinstance(command, click.Group):
            return []
        if isinstance(command, click.Group):
            return group_errors(word, words[at:], command, context)
        if not PLACEHOLDER.fullmatch(word) and taken < len(arguments):
            choice = arguments[taken].type
            if isinstance(choice, click.Choice):
                unknown = [each for each in word.split("|") if each not in choice.choices]
                if unknown:
                    return [f"{context.command_path} takes no {unknown}"]
        taken += 1
    if arguments and arguments[-1].nargs == -1:
        return []
    if taken > len(arguments):
        return [f"{context.command_path} takes {len(arguments)} arguments, not {taken}"]
    return []


def group_errors(word: str, rest: list[str], group: click.Group, context: click.Context) -> list[str]:
    """The faults of a call that goes on below a group; `up|down` stands for two."""
    found: list[str] = []
    for name in word.split("|"):
        below = group.get_command(context, name)
        if below is None:
            found.append(f"{context.command_path} has no command {name}")
        else:
            found += command_errors(rest, below, context)
    return found
