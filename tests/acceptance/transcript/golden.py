"""The golden files: the transcript as it was, and the differences of another from it."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from tests.acceptance.transcript.filter import TABLE, unpadded

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"
WORDS = HERE / "words.toml"
LINES_SHOWN = 80


def read() -> dict[str, str]:
    """The golden files by name."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(GOLDEN.glob("*.txt"))}


def write(transcript: Mapping[str, str]) -> None:
    """Replace the golden files."""
    GOLDEN.mkdir(exist_ok=True)
    for path in GOLDEN.glob("*.txt"):
        path.unlink()
    for name, text in transcript.items():
        (GOLDEN / f"{name}.txt").write_text(text, encoding="utf-8")


def renamed_words() -> dict[str, str]:
    """The new word for each old word of words.toml."""
    listed = tomllib.loads(WORDS.read_text(encoding="utf-8")).get("word", [])
    return {each["old"]: each["new"] for each in listed}


def difference(before: str, now: str, renamed: Mapping[str, str]) -> str:
    """A unified diff of two texts after the old words are replaced in the first; empty when they are equal.

    A table that contains a new word is compared without the padding of its columns.
    """
    for old, new in renamed.items():
        before = re.sub(rf"(?<!\w){re.escape(old)}(?!\w)", lambda _, new=new: new, before)  # type: ignore[misc]

    def lines(text: str) -> list[str]:
        return TABLE.sub(comparable, text).splitlines(keepends=True)

    def comparable(table: re.Match[str]) -> str:
        return unpadded(table[0]) if any(word in table[0] for word in renamed.values()) else table[0]

    diff = list(difflib.unified_diff(lines(before), lines(now), "before", "now", n=2))
    more = len(diff) - LINES_SHOWN
    return "".join(diff[:LINES_SHOWN]) + (f"({more:,} more lines)\n" if more > 0 else "")
