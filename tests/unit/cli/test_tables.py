"""Tables for people break no word, however narrow their window is."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from casefeed.cli import tables

COLUMNS = ("child", "where it lay", "received", "ended")
ROWS = (
    ("7vuyy2zvju6l4m7h", "orr.case-events/2@1234567", "2026-11-28 02:28:22 +00:00", ""),
    ("6mm5fk2w7mjs4rim", "ice.case-events/0@9", "2026-11-29 12:00:00 +00:00", ""),
)
_words = st.text("abcdefghij-.@/", min_size=1, max_size=20)
_cells = st.lists(_words, max_size=4).map(" ".join)


def printed(columns: tuple[str, ...], rows: object, width: int) -> str:
    """What a window so wide shows."""
    out = Console(file=io.StringIO(), width=width, markup=False, highlight=False)
    tables.say(columns, rows, out=out)  # type: ignore[arg-type]
    return out.file.getvalue()  # type: ignore[attr-defined,no-any-return]


@given(rows=st.lists(st.tuples(_cells, _cells, _cells), min_size=1, max_size=4), width=st.integers(10, 100))
def test_every_word_is_whole(rows: list[tuple[str, ...]], width: int) -> None:
    """In a window of any width every word of every cell stands whole in one line."""
    said = printed(("one", "two words", "three"), rows, width)
    shown = {word for line in said.splitlines() for word in line.replace("│", " ").split()}
    assert {word for row in rows for cell in row for word in cell.split()} <= shown


def test_a_wide_window_has_a_frame() -> None:
    """Where there is room each row is one line in a frame, under all columns."""
    lines = printed(COLUMNS, ROWS, 120).splitlines()
    assert [part.strip() for part in lines[1].strip("┃").split("┃")] == list(COLUMNS)
    assert len(lines) == 6


def test_a_narrow_window_loses_empty_columns_and_the_frame_first() -> None:
    """Without room for it there is no empty column and no frame; no line is longer than the window."""
    said = printed(COLUMNS, ROWS, 60)
    assert "ended" not in said
    assert "│" not in said
    assert max(map(len, said.splitlines())) <= 60
    assert "orr.case-events/2@1234567" in said


def test_the_narrowest_window_has_a_field_a_line() -> None:
    """Where no table fits each field is a line of its own, with the column's name, rows parted by an empty line."""
    assert printed(COLUMNS, ROWS, 40).splitlines() == [
        "child         7vuyy2zvju6l4m7h",
        "where it lay  orr.case-events/2@1234567",
        "received      2026-11-28 02:28:22 +00:00",
        "",
        "child         6mm5fk2w7mjs4rim",
        "where it lay  ice.case-events/0@9",
        "received      2026-11-29 12:00:00 +00:00",
    ]
