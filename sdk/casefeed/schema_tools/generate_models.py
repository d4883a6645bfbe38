"""Writes the pydantic models of `casefeed.contract.generated.models` from the schemas, which stay the one source.

`python -m casefeed.schema_tools.generate_models` writes the modules anew; a test holds the committed ones equal.
"""

from __future__ import annotations

import ast
import re
import textwrap
from pathlib import Path
from typing import Any

from casefeed import contract
from casefeed.contract import model_base
from casefeed.contract.catalogue import ORR_TOPIC, Catalogue, EventType, Schema, load_catalogue, union_branches
from casefeed.contract.errors import SchemaError
from casefeed.contract.validation import item_constraints, number_bounds
from casefeed.schema_tools.python_source import QUOTES, WIDTH, import_block, named_schemas, write_modules

# Where the names in generated code come from, in the order of imports.
_STDLIB_NAMES = {
    "collections.abc": ["Mapping"],
    "datetime": ["date", "datetime"],
    "enum": ["StrEnum"],
    "typing": ["Annotated", "ClassVar"],
    "uuid": ["UUID"],
}
OUTPUT_DIR = Path(contract.__file__).parent / "generated" / "models"
_GENERATED_NOTE = "Made by casefeed.schema_tools.generate_models from schemas/avro; mend those and run it again."


def generate_modules(catalogue: Catalogue) -> dict[str, str]:
    """The text of every generated module, by file name."""
    ordered = sorted(catalogue.event_types.values(), key=lambda each: each.name)
    on_orr = [each for each in ordered if ORR_TOPIC in each.topics]
    on_ice_alone = [each for each in ordered if ORR_TOPIC not in each.topics]
    named = named_schemas(ordered)
    enums = sorted(name for name, schema in named.items() if schema["type"] == "enum")
    tops = {each.short_name for each in ordered}
    parts = [name for name, schema in named.items() if schema["type"] == "record" and name not in tops]
    return {
        "enums.py": _module("The symbols that fields may hold.", [_enum(named[name]) for name in enums]),
        "parts.py": _module(
            "The records inside events: the header, and the parts about one person.",
            [_record(named[name]) for name in _dependency_order(parts, named)],
        ),
        "orr.py": _module("The events of ORR's topic.", [_record(each.schema) for each in on_orr]),
        "ice.py": _module(
            "The events of ICE's topic alone; those on both topics stand with ORR's.",
            [_record(each.schema) for each in on_ice_alone],
        ),
        "__init__.py": _package(on_orr, on_ice_alone),
    }


def _dependency_order(names: list[str], named: dict[str, Schema]) -> list[str]:
    """`names`, each after the records it holds, otherwise by name."""
    done: list[str] = []

    def add(name: str) -> None:
        for item in named[name]["fields"]:
            for member in union_branches(item["type"]):
                short = member["name"] if isinstance(member, dict) and "name" in member else str(member)
                if (short := short.rpartition(".")[2]) in names:
                    add(short)
        if name not in done:
            done.append(name)

    for name in sorted(names):
        add(name)
    return done


def _module(doc: str, classes: list[str]) -> str:
    body = "\n\n\n".join(classes)
    tree = ast.parse(body)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    here = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
    named = named_schemas(load_catalogue().event_types.values())
    elsewhere = sorted(used & named.keys() - here, key=str.lower)
    local = {
        "casefeed.contract.generated.models.enums": [name for name in elsewhere if named[name]["type"] == "enum"],
        "casefeed.contract.generated.models.parts": [name for name in elsewhere if named[name]["type"] == "record"],
        "casefeed.contract.model_base": model_base.__all__,
    }
    blocks = [
        import_block({module: [name for name in names if name in used] for module, names in modules.items()})
        for modules in (_STDLIB_NAMES, {"pydantic": ["Field"]}, local)
    ]
    imports = "\n\n".join(filter(None, blocks))
    return f"{QUOTES}{doc}\n\n{_GENERATED_NOTE}\n{QUOTES}\n\n{imports}\n\n\n{body}\n"


def _doc(text: str, indent: str = "    ") -> str:
    """A docstring, on one line where it fits."""
    lines = textwrap.wrap(text, WIDTH - len(indent) - 6)
    if len(lines) == 1:
        return f'{indent}"""{text}"""'
    inner = f"\n{indent}".join(lines)
    return f'{indent}"""{inner}\n{indent}"""'


def _enum(schema: Schema) -> str:
    members = [f'    {symbol} = "{symbol}"' for symbol in schema["symbols"]]
    return "\n".join([f"class {schema['name']}(StrEnum):", _doc(schema["doc"]), "", *members])


def _record(schema: Schema) -> str:
    lines = [f"class {schema['name']}(ContractModel):", _doc(schema["doc"]), ""]
    order = {item["name"]: item["not_before"] for item in schema["fields"] if "not_before" in item}
    if order:
        pairs = ", ".join(f'"{late}": "{early}"' for late, early in order.items())
        lines += [f"    not_before: ClassVar[Mapping[str, str]] = {{{pairs}}}", ""]
    for item in schema["fields"]:
        lines += [_wrap_annotation(f"    {item['name']}: {_annotation(item['type'], item)}"), _doc(item["doc"])]
    return "\n".join(lines)


def _wrap_annotation(line: str) -> str:
    """An annotated list that is too long for a line, laid out over several."""
    if len(line) <= WIDTH:
        return line
    head, inner = line.removesuffix("]").split("Annotated[", 1)
    if len(inner) + 8 <= WIDTH:
        return f"{head}Annotated[\n        {inner}\n    ]"
    items = "".join(f"        {each},\n" for each in re.split(r", (?=Field\(max|TupleFromList)", inner))
    return f"{head}Annotated[\n{items}    ]"


def _annotation(type_: Any, props: Schema) -> str:
    """The annotation of a field: its Python type with the schema's constraints."""
    if isinstance(type_, list):
        if "null" in type_:
            (other,) = [member for member in type_ if member != "null"]
            return f"{_annotation(other, props)} | None"
        clear, sealed = [_annotation(member, props) for member in type_]
        return f"Annotated[{clear} | {sealed}, ClearOrSealed()]"
    if isinstance(type_, str):
        return _reference(type_) if "." in type_ else _primitive(type_, None, props)
    if type_["type"] == "array":
        inner = _annotation(type_["items"], item_constraints(props))
        bounds = _field_call(min_length=props.get("min_items"), max_length=props.get("max_items"))
        return f"Annotated[tuple[{inner}, ...], {bounds}TupleFromList()]"
    if type_["type"] == "enum":
        return f"Annotated[{type_['name']}, EnumSymbol()]"
    if type_["type"] == "record":
        return str(type_["name"])
    return _primitive(type_["type"], type_.get("logicalType"), props)


def _reference(name: str) -> str:
    """The annotation of a named type used by its name."""
    short = name.rpartition(".")[2]
    found = named_schemas(load_catalogue().event_types.values()).get(short)
    if found is None:
        raise SchemaError(f"no schema defines {name}; add schemas/avro/{name}.avsc")
    return f"Annotated[{short}, EnumSymbol()]" if found["type"] == "enum" else short


def _primitive(kind: str, logical: str | None, props: Schema) -> str:
    match kind, logical:
        case ("long", "timestamp-millis") | ("int", "date"):
            of, form = ("datetime", "UtcTimestamp") if kind == "long" else ("date", "CalendarDay")
            if not {"minimum", "maximum"} <= props.keys():
                raise SchemaError(f"{props['name']} is a time without bounds; give it minimum and maximum")
            return f"Annotated[{of}, {form}({props['minimum']}, {props['maximum']})]"
        case "string", "uuid":
            if props.get("pattern") != model_base.CanonicalUuid.PATTERN:
                raise SchemaError(f"{props['name']} is a uuid with a pattern of its own; use the header's")
            return "Annotated[UUID, CanonicalUuid()]"
        case "string", None:
            rules = _field_call(pattern=props.get("pattern"), max_length=props.get("max_length"))
            return _annotated("str", rules)
        case "int" | "long", None:
            low, high = number_bounds(kind, props)
            return _annotated("int", _field_call(ge=low, le=high))
        case "bytes", None:
            return _annotated("bytes", _field_call(max_length=props.get("max_length")))
        case "boolean", None:
            return "bool"
        case _:
            raise SchemaError(f"{props.get('name')} is {kind} ({logical}), which has no Python type here")


def _field_call(**rules: str | int | None) -> str:
    """`Field(...), ` with the rules that are set, or nothing."""
    shown = [
        f'{name}=r"{value}"' if isinstance(value, str) else f"{name}={value}"
        for name, value in rules.items()
        if value is not None
    ]
    return f"Field({', '.join(shown)}), " if shown else ""


def _annotated(type_name: str, rules: str) -> str:
    return f"Annotated[{type_name}, {rules.removesuffix(', ')}]" if rules else type_name


def _package(on_orr: list[EventType], on_ice: list[EventType]) -> str:
    orr, ice = [each.short_name for each in on_orr], [each.short_name for each in on_ice]
    members = "\n    | ".join(sorted(orr + ice))
    exported = "".join(f'    "{name}",\n' for name in sorted([*orr, *ice, "Event", "parse"]))
    models = "".join(f'    "casefeed.{name}": {name},\n' for name in sorted(orr + ice))
    imports = {
        "casefeed.contract.catalogue": ["EventType"],
        "casefeed.contract.codec": ["Datum"],
        "casefeed.contract.generated.models.ice": ice,
        "casefeed.contract.generated.models.orr": orr,
    }
    blocks = [
        f"{QUOTES}Every event type as a frozen model, and `Event`: any of them.\n\n{_GENERATED_NOTE}\n{QUOTES}",
        "from typing import Any",
        import_block(imports),
        f"Event = (\n    {members}\n)",
        f"_MODELS: dict[str, Any] = {{\n{models}}}\n",
        "def parse(event_type: EventType, datum: Datum) -> Event:\n"
        f"    {QUOTES}The model of a raw event; raises ContractError naming field and rule.{QUOTES}\n"
        "    event: Event = _MODELS[event_type.name].from_raw(datum)\n"
        "    return event\n",
        f"__all__ = [\n{exported}]\n",
    ]
    return "\n\n".join(blocks)


def main() -> None:
    """Write every generated module and name those that changed."""
    write_modules(OUTPUT_DIR, generate_modules(load_catalogue()))


if __name__ == "__main__":
    main()
