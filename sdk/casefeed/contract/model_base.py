"""What the generated models share: raw data in, raw data out, and the rules that a Python type alone cannot say.

Raw data (ints for timestamps and days, strings for uuids) and Python values are both taken; what is held is
always the Python value.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, ClassVar, Self, get_args
from uuid import UUID

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, ValidationError, model_validator
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from casefeed.contract.codec import Datum
from casefeed.contract.errors import ContractError
from casefeed.contract.validation import clear_or_sealed, first_error

__all__ = [
    "CalendarDay", "CanonicalUuid", "ClearOrSealed", "ContractModel", "EnumSymbol", "TupleFromList", "UtcTimestamp",
]  # fmt: skip

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_DAY = EPOCH.date()
MILLISECOND = timedelta(milliseconds=1)


class ContractModel(BaseModel):
    """A record of the contract: frozen, no field beyond the schema's, and no value in its errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)
    # Times that may not lie before a neighbour, each with that neighbour's name.
    not_before: ClassVar[Mapping[str, str]] = MappingProxyType({})

    @classmethod
    def from_raw(cls, datum: Datum) -> Self:
        """The model of `datum` (raw form); raises ContractError naming field and rule, never the value."""
        try:
            return cls.model_validate(datum)
        except ValidationError as error:
            where, rule = first_error(error)
            raise ContractError(f"casefeed.{cls.__name__}.{where}".rstrip("."), rule) from None

    def to_raw(self) -> Datum:
        """The raw form: what `codec.encode` takes."""
        return {name: _to_raw(getattr(self, name)) for name in type(self).model_fields}

    @model_validator(mode="after")
    def _check_time_order(self) -> Self:
        for name, earlier in self.not_before.items():
            if getattr(self, name) < getattr(self, earlier):
                raise PydanticCustomError(
                    "not_before", "{name} is before {earlier}", {"name": name, "earlier": earlier}
                )
        return self


def _to_raw(value: Any) -> Any:
    match value:
        case ContractModel():
            return value.to_raw()
        case datetime():
            return (value - EPOCH) // MILLISECOND
        case date():
            return (value - EPOCH_DAY).days
        case UUID():
            return str(value)
        case StrEnum():
            return value.value
        case tuple():
            return [_to_raw(item) for item in value]
        case _:
            return value


class _ValueConverter(ABC):
    """A rule that reads a raw value into the Python value that the annotated type then checks."""

    @abstractmethod
    def convert(self, value: Any) -> Any:
        """The Python value; raises PydanticCustomError, which repeats nothing of it."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self.convert, handler(source))


def _bounded(value: int, minimum: int, maximum: int) -> int:
    if value < minimum:
        raise PydanticCustomError("greater_than_equal", "is less than {ge}", {"ge": minimum})
    if value > maximum:
        raise PydanticCustomError("less_than_equal", "is more than {le}", {"le": maximum})
    return value


@dataclass(frozen=True, slots=True)
class UtcTimestamp(_ValueConverter):
    """A moment: aware, in UTC, on a whole millisecond; the bounds are in ms since 1970-01-01T00:00:00Z."""

    minimum: int
    maximum: int

    def convert(self, value: Any) -> datetime:
        if isinstance(value, datetime) and value.tzinfo is not None and not (value - EPOCH) % MILLISECOND:
            value = (value - EPOCH) // MILLISECOND
        if type(value) is not int:
            raise PydanticCustomError("int_type", "must be an aware time on a whole millisecond")
        return EPOCH + _bounded(value, self.minimum, self.maximum) * MILLISECOND


@dataclass(frozen=True, slots=True)
class CalendarDay(_ValueConverter):
    """A calendar day; the bounds are in days since 1970-01-01."""

    minimum: int
    maximum: int

    def convert(self, value: Any) -> date:
        if type(value) is date:
            value = (value - EPOCH_DAY).days
        if type(value) is not int:
            raise PydanticCustomError("int_type", "must be a date")
        return EPOCH_DAY + timedelta(days=_bounded(value, self.minimum, self.maximum))


class CanonicalUuid(_ValueConverter):
    """A UUID of RFC 9562 (versions 1 to 8); as text in its canonical lower-case form only."""

    PATTERN = "^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"

    def convert(self, value: Any) -> UUID:
        text = str(value) if isinstance(value, str | UUID) else ""
        try:
            found = UUID(text)
        except ValueError:
            found = None
        if found is None or str(found) != text or text[14] not in "12345678" or text[19] not in "89ab":
            raise PydanticCustomError(
                "string_pattern_mismatch", "does not match {pattern}", {"pattern": self.PATTERN}
            )
        return found


class EnumSymbol:
    """A member of an enum, or its symbol as text."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        symbols: dict[str, StrEnum] = dict(source.__members__)
        *most, last = symbols
        expected = " or ".join([", ".join(most), last] if most else [last])

        def read(value: Any) -> StrEnum:
            if isinstance(value, str) and str(value) in symbols:
                return symbols[str(value)]
            raise PydanticCustomError("literal_error", "must be one of {expected}", {"expected": expected})

        return core_schema.no_info_before_validator_function(read, handler(source))


class TupleFromList(_ValueConverter):
    """A list, kept as a tuple."""

    def convert(self, value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple):
            raise PydanticCustomError("list_type", "must be a list")
        return tuple(value)


class ClearOrSealed:
    """A personal part: its clear record, or `Sealed`."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        clear, sealed = get_args(source)

        def form(value: Any) -> str:
            return "sealed" if isinstance(value, sealed) else clear_or_sealed(value)

        choices = {"clear": handler.generate_schema(clear), "sealed": handler.generate_schema(sealed)}
        return core_schema.tagged_union_schema(choices, discriminator=form)
