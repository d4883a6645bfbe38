"""An event asked for on a terminal, field by field, with the schema's own words as the questions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from casefeed.contract.catalogue import EventType, FieldPath, Schema, named_types, union_branches, walk_fields
from casefeed.contract.codec import SEALED_FIELDS, Datum
from casefeed.contract.compatibility import enum_symbols
from casefeed.contract.errors import ContractError
from casefeed.contract.validation import UNRECOGNIZED
from casefeed.publish.event_input import DEFAULTED_BY_DESK, SET_BY_DESK, parse_time

ReadAnswer = Callable[[str], str]
ShowMessage = Callable[[str], None]
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}")
_YES, _NO = ("yes", "y", "true"), ("no", "n", "false")


@dataclass(frozen=True, slots=True)
class Question:
    """One field: what is asked and how the answer is read. `type` is the field's where it is not null."""

    path: FieldPath
    item: Schema
    type: Any

    @property
    def optional(self) -> bool:
        """Whether an empty answer means that there is none."""
        return "null" in union_branches(self.item["type"]) or self.defaulted_by_desk

    @property
    def defaulted_by_desk(self) -> bool:
        """Whether the desk gives it where nobody does."""
        return self.path[0] == "header" and self.path[-1] in DEFAULTED_BY_DESK

    @property
    def text(self) -> str:
        """The question: what the field holds, and what may be answered."""
        hints = [", ".join(self.symbols)] if self.symbols else []
        hints += {"boolean": ["yes or no"], "array": ["several with commas between"]}.get(self.kind, [])
        hints += {"timestamp-millis": ["as 2024-05-31T08:00:00Z"], "date": ["as 2024-05-31"]}.get(self.kind, [])
        if self.optional:
            hints.append("empty: the desk's own" if self.defaulted_by_desk else "empty: none")
        return f"{'.'.join(self.path)}: {self.item['doc']}" + (f" ({'; '.join(hints)})" if hints else "")

    @property
    def kind(self) -> str:
        """What is answered: a logical type, or `string`, `int`, `long`, `boolean`, `enum`, `array`."""
        return str(self.type.get("logicalType", self.type["type"]) if isinstance(self.type, dict) else self.type)

    @property
    def symbols(self) -> list[str]:
        """The symbols among which to choose, of an enum or of a list of them."""
        return [each for each in enum_symbols(self.type) if each != UNRECOGNIZED]

    def parse_answer(self, answer: str) -> Any:
        """The answer in raw form; raises ContractError, which repeats nothing of it."""
        where = ".".join(self.path)
        if not answer and self.optional:
            return None
        match self.kind:
            case "boolean":
                if answer.lower() not in (*_YES, *_NO):
                    raise ContractError(where, "is answered with yes or no")
                return answer.lower() in _YES
            case "int" | "long":
                if not _WHOLE_NUMBER.fullmatch(answer):
                    raise ContractError(where, "must be a whole number")
                return int(answer)
            case "timestamp-millis" | "date":
                return parse_time(where, answer, self.kind)
            case "array":
                return [each.strip() for each in answer.split(",") if each.strip()]
            case _:
                if self.symbols and answer not in self.symbols:
                    raise ContractError(where, f"is one of {', '.join(self.symbols)}")
                return answer


def event_questions(kind: EventType, *, new_child: bool = False) -> Iterator[Question]:
    """Every field that a person answers, in the schema's order; a personal part is asked for in clear."""
    fields = dict(walk_fields(kind.schema))
    wholes = {path[:-1] for path in fields}
    named = named_types(kind.schema)
    for path, item in fields.items():
        type_ = _resolve_type(next(each for each in union_branches(item["type"]) if each != "null"), named)
        by_desk = path[0] == "header" and path[-1] in (*SET_BY_DESK, *(["child_key"] if new_child else []))
        if path not in wholes and not by_desk and path[-1] not in SEALED_FIELDS:
            yield Question(path, item, type_)


def _resolve_type(type_: Any, named: dict[str, Any]) -> Any:
    """The type written out, where the schema only names one that it has written out before."""
    if isinstance(type_, dict) and "items" in type_:
        return {**type_, "items": _resolve_type(type_["items"], named)}
    return named.get(type_.rpartition(".")[2], type_) if isinstance(type_, str) else type_


def prompt_event(
    kind: EventType, read_answer: ReadAnswer, show_message: ShowMessage, *, new_child: bool = False
) -> Datum:
    """The event as a desk takes it, with `type` and `header`; an answer that cannot be read is asked for again."""
    given: Datum = {"type": kind.short_name}
    for each in event_questions(kind, new_child=new_child):
        prompt_field(given, each, read_answer, show_message)
    return given


def prompt_field(record: Datum, question: Question, read_answer: ReadAnswer, show_message: ShowMessage) -> None:
    """Ask one question until its answer can be read, and put it in its place."""
    part = record
    for name in question.path[:-1]:
        part = part.setdefault(name, {})
    while True:
        try:
            part[question.path[-1]] = question.parse_answer(read_answer(question.text).strip())
        except ContractError as fault:
            show_message(str(fault))
        else:
            return
