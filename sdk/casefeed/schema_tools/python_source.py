"""The layout of Python source that is made from the schemas, and putting it where it is kept."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from casefeed.contract.catalogue import EventType, Schema, named_types

WIDTH = 118
QUOTES = '"' * 3


def named_schemas(event_types: Iterable[EventType]) -> dict[str, Schema]:
    """Every record and enum of the event types, by short name, what is used before what uses it."""
    return {name: schema for each in event_types for name, schema in named_types(each.schema).items()}


def import_block(modules: Mapping[str, Sequence[str]]) -> str:
    """The imports of names by module, in order of module; none for a module without names."""
    lines = []
    for module, names in sorted(modules.items()):
        line = f"from {module} import {', '.join(names)}"
        if len(line) > WIDTH:
            line = f"from {module} import (\n" + "".join(f"    {name},\n" for name in names) + ")"
        lines += [line] if names else []
    return "\n".join(lines)


def write_modules(folder: Path, modules: Mapping[str, str]) -> None:
    """Write those of `modules`, texts by file name, that `folder` does not have as they are, and name each."""
    for name, text in modules.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{name} written\n")
