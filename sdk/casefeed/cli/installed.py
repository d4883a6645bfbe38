"""What is installed, by the folders of metadata on the path.

importlib.metadata, which says the same, takes as long to load as click does; it is asked where there are none.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache

ENTRY_POINT_GROUP = "casefeed.commands"


@cache
def version() -> str:
    """The version of casefeed that is installed."""
    for _, name in _metadata_folders():
        if name.startswith("casefeed-"):
            return name.removeprefix("casefeed-").removesuffix(".dist-info")
    from importlib import metadata  # not installed as a folder

    return metadata.version("casefeed")


@cache
def plugin_commands() -> dict[str, str]:
    """The commands that are installed under the entry point group, each as `module:attribute`."""
    found: dict[str, str] = {}
    for folder, name in _metadata_folders():
        # A package may have no such file.
        with suppress(OSError), open(os.path.join(folder, name, "entry_points.txt"), encoding="utf-8") as lines:
            found = {**dict(_section(lines, ENTRY_POINT_GROUP)), **found}
    if not found:
        from importlib import metadata

        found = {each.name: each.value for each in metadata.entry_points(group=ENTRY_POINT_GROUP)}
    return found


@cache
def _metadata_folders() -> list[tuple[str, str]]:
    """The folders of metadata on the path, as (the folder that it is in, its name)."""
    found: list[tuple[str, str]] = []
    for folder in dict.fromkeys(sys.path):
        with suppress(OSError):  # the path names one that is not there
            found += ((folder, name) for name in sorted(os.listdir(folder or ".")) if name.endswith(".dist-info"))
    return found


def _section(lines: Iterable[str], title: str) -> Iterator[tuple[str, str]]:
    """The names and values of a section of an INI file."""
    inside = False
    for line in map(str.strip, lines):
        if line.startswith("["):
            inside = line == f"[{title}]"
        elif inside and "=" in line:
            name, _, value = line.partition("=")
            yield name.strip(), value.strip()
