"""The code lists of the treaty: counties, ERO areas, courts, languages, countries and ZIP codes.

Each list is a file of `schemas/codes/`, read once; each has its source, its date and whether it was verified
(`sources.toml`, and in words in that folder's README). Nothing here guesses: an unlisted code is an
UnknownCode.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from types import MappingProxyType
from typing import Any, TypeVar, cast

from casefeed.contract.errors import ContractError, SchemaError
from casefeed.contract.resources import data_dir

_T = TypeVar("_T")


class UnknownCode(ContractError, LookupError):
    """A code is not on its list.

    The sentence names the list and never the code: a county code says where a child lives.
    """

    def __init__(self, code_list: str) -> None:
        super().__init__(code_list, f"the code is not on the list; use one of schemas/codes/{code_list}.csv")


@dataclass(frozen=True, slots=True)
class Area:
    """An ICE ERO area of responsibility, and the court that hears its cases by default."""

    code: str
    name: str
    court: str


@dataclass(frozen=True, slots=True)
class County:
    """A county or its equivalent of the 2020 Census, and the ERO area that owns the cases there."""

    fips: str
    name: str
    state: str
    area: str


@dataclass(frozen=True, slots=True)
class Court:
    """An immigration court by its EOIR base city code; `area` is the ERO area it sits in."""

    code: str
    city: str
    state: str
    area: str
    detained_only: bool


@dataclass(frozen=True, slots=True)
class Language:
    """A language by its ISO 639-3 code, and the codes that EOIR's table has for it: one or several."""

    code: str
    name: str
    eoir_codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Country:
    """A country by its ISO 3166-1 alpha-3 code, and EOIR's nationality codes for it: none, one or several."""

    code: str
    name: str
    eoir_codes: tuple[str, ...]


@cache
def areas() -> Mapping[str, Area]:
    """The 25 ERO areas by their three-letter code."""
    return _read_code_list("areas", Area)


@cache
def counties() -> Mapping[str, County]:
    """The counties of the 50 states, DC and Puerto Rico by their five-digit FIPS code (2020 Census)."""
    return _read_code_list("counties", County)


@cache
def courts() -> Mapping[str, Court]:
    """The immigration courts by their EOIR base city code."""
    return _read_code_list("courts", Court, detained_only={"true": True, "false": False}.__getitem__)


@cache
def languages() -> Mapping[str, Language]:
    """Languages by ISO 639-3 code. EOIR's codes are its own: its CAC is Kaqchikel, ISO's cac is Chuj."""
    return _read_code_list("languages", Language, eoir_codes=_codes)


@cache
def countries() -> Mapping[str, Country]:
    """Countries by ISO 3166-1 alpha-3 code. EOIR's nationality codes are its own: HO is Honduras."""
    return _read_code_list("countries", Country, eoir_codes=_codes)


def _codes(text: str) -> tuple[str, ...]:
    return tuple(filter(None, text.split(";")))


def area_of_county(fips: str) -> str:
    """The code of the ERO area that owns cases in the county `fips` (five digits).

    Raises UnknownCode for a county that the 2020 Census does not have, such as a Connecticut planning region.
    """
    found = counties().get(fips)
    if found is None:
        raise UnknownCode("counties")
    return found.area


def state_of_zip(zip_code: str) -> str | None:
    """The two-letter USPS state of a ZIP code (five digits, or ZIP+4), or None where there is no such code.

    Military mail is AA, AE or AP.
    """
    five, _, four = zip_code.partition("-")
    if len(five) != 5 or not five.isascii() or not five.isdigit() or len(four) not in (0, 4):
        return None
    return _zip_prefixes().get(five) or _zip_prefixes().get(five[:3])


@cache
def _zip_prefixes() -> Mapping[str, str]:
    """States by three-digit prefix, and by whole ZIP code where that differs from its prefix."""
    table: dict[str, str] = {}
    for row in _read_rows("zip3", ("first", "last", "state")):
        width = len(row["first"])
        for number in range(int(row["first"]), int(row["last"]) + 1):
            table[f"{number:0{width}}"] = row["state"]
    return MappingProxyType(table)


def _read_code_list(name: str, of: type[_T], **converters: Callable[[str], Any]) -> Mapping[str, _T]:
    """The list `name`, whose columns are the fields of the dataclass `of`, by its first column.

    Raises SchemaError where one code stands twice.
    """
    columns = tuple(each.name for each in fields(cast(Any, of)))
    table: dict[str, _T] = {}
    for row in _read_rows(name, columns):
        code = row[columns[0]]
        if code in table:
            raise SchemaError(f"schemas/codes/{name}.csv has {code} twice; keep the row that is right")
        table[code] = of(**{column: converters.get(column, str)(text) for column, text in row.items()})
    return MappingProxyType(table)


def _read_rows(name: str, columns: tuple[str, ...]) -> list[dict[str, str]]:
    import csv

    with (data_dir() / "codes" / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines, strict=True)
        if tuple(reader.fieldnames or ()) != columns:
            raise SchemaError(f"schemas/codes/{name}.csv must have the columns {', '.join(columns)}")
        return list(reader)
