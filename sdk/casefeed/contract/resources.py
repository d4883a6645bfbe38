"""Where the treaty's data lies: beside the code in a wheel, in `schemas/` in a checkout."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path


def _data_folder(name: str) -> Path:
    package = Path(__file__).resolve().parents[1]
    for found in (package / f"_{name}", package.parents[1] / name):
        if found.is_dir():
            return found
    raise FileNotFoundError(
        f"casefeed's {name}/ is neither beside the package nor in a checkout; install casefeed again"
    )


@lru_cache(maxsize=1)
def data_dir() -> Path:
    """The folder with `avro/` and `codes/`; raises FileNotFoundError when the installation is incomplete."""
    return _data_folder("schemas")


@lru_cache(maxsize=1)
def seeds_dir() -> Path:
    """The folder with the small committed replay set; raises FileNotFoundError as `data_dir` does."""
    return _data_folder("seeds")
