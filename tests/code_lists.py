"""The code lists by name, and where each of their columns comes from."""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import dataclass

from casefeed.contract import codes
from casefeed.contract.resources import data_dir


@dataclass(frozen=True, slots=True)
class CodeListSource:
    """Where the named columns of a file come from; `verified`: a second, independent source agrees."""

    name: str
    file: str
    columns: tuple[str, ...]
    source: str
    date: dt.date
    verified: bool
    note: str


def code_lists() -> dict[str, frozenset[str]]:
    """The codes of each list that a schema's `code_list` property may name."""
    names = ("areas", "counties", "countries", "courts", "languages")
    return {name: frozenset(getattr(codes, name)()) for name in names}


def code_list_sources() -> tuple[CodeListSource, ...]:
    """Source, date and standing of every column of every list, in the order of `sources.toml`."""
    entries = tomllib.loads((data_dir() / "codes" / "sources.toml").read_text(encoding="utf-8"))
    return tuple(
        CodeListSource(name=name, **{**entry, "columns": tuple(entry["columns"])}) for name, entry in entries.items()
    )
