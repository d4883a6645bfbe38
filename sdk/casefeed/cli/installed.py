"""What is installed, by the folders of metadata on the path.

importlib.metadata, which says the same, takes as long to load as click does; it is asked where there are none.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
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
        found = {**dict(_section(_lines(os.path.join(folder, name, "entry_points.txt")), ENTRY_POINT_GROUP)), **found}
    if not found:
        from importlib import metadata

        found = {each.name: each.value for each in metadata.entry_points(group=ENTRY_POINT_GROUP)}
    return found


@cache
def _metadata_folders() -> tuple[tuple[str, str], ...]:
    """The folders of metadata on the path, as (the folder that it is in, its name)."""
    return tuple(
        (folder, name)
        for folder in dict.fromkeys(sys.path)
        for name in sorted(_names(folder or "."))
        if name.endswith(".dist-info")
    )


def _names(folder: str) -> list[str]:
    """What is in a folder; nothing where the path names one that is not there."""
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _lines(path: str) -> list[str]:
    """The lines of a file; none where a package has no such file."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.readlines()
    except OSError:
        return []


def _section(lines: Iterable[str], title: str) -> Iterator[tuple[str, str]]:
    """The names and values of a section of an INI file."""
    inside = False
    for line in map(str.strip, lines):
        if line.startswith("["):
            inside = line == f"[{title}]"
        elif inside and "=" in line:
            name, _, value = line.partition("=")
            yield name.strip(), value.strip()
