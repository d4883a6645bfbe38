"""Puts modules that are made from the schemas where they are kept."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path


def write(folder: Path, modules: Mapping[str, str]) -> None:
    """Write those of `modules`, texts by file name, that `folder` does not have as they are, and name each."""
    for name, text in modules.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{name} written\n")
