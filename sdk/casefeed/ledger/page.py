"""What every answer with rows has alike."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar


class Page(ABC):
    """An answer with rows: `FIELDS` are the columns of its CSV; `as_dict()`, its JSON, has the rows as `ROWS`."""

    __slots__ = ()
    FIELDS: ClassVar[Sequence[str]]
    ROWS: ClassVar[str]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows for programs, each with the columns by name."""
        return list(self.as_dict()[self.ROWS])

    @abstractmethod
    def as_dict(self) -> dict[str, Any]:
        """The same for programs."""


def attributes(item: object, names: Iterable[str]) -> dict[str, Any]:
    """Attributes of an item by name, in this order."""
    return {name: getattr(item, name) for name in names}
