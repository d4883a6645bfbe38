"""Writes the decoders and encoders of `casefeed.contract.generated.codecs` from the schemas, the one source.

`python -m casefeed.schema_tools.generate_codecs` writes the modules anew; a test holds the committed ones equal.
Every rule of a schema stands inside them: types, bounds, patterns, symbols, order of times, synthetic ranges. What
is not plainly right raises a doubt and nothing else: the codec then asks fastavro and the rules, which have the words
for it.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from casefeed import contract
from casefeed.contract.catalogue import ORR_TOPIC, Catalogue, EventType, Schema, load_catalogue
from casefeed.contract.validation import INT_MAX, UNRECOGNIZED, item_constraints, number_bounds
from casefeed.schema_tools.python_source import QUOTES, WIDTH, import_block, named_schemas, write_modules

OUTPUT_DIR = Path(contract.__file__).parent / "generated" / "codecs"
_GENERATED_NOTE = "Made by casefeed.schema_tools.generate_codecs from schemas/avro; mend those and run it again."
# What generated code may use, in the order of imports.
_PRIMITIVES = (
    "ENCODED_LENGTHS", "Datum", "FastPathError", "TextCache", "encode_long", "full_match", "read_block_count",
    "read_long", "read_span", "read_timestamp",
)  # fmt: skip
# Fields that hold few different texts, beside those of a code list.
_FEW_VALUED_FIELDS = frozenset(
    ("source", "agreement_profile", "state", "zip", "releasing_program_code", "receiving_program_code", "phone")
)
_FREE_TEXT = r"^[^\x00-\x1f\x7f-\x9f]*$"


def generate_modules(catalogue: Catalogue) -> dict[str, str]:
    """The text of every generated module, by file name."""
    ordered = sorted(catalogue.event_types.values(), key=lambda each: each.name)
    named = named_schemas(ordered)
    tops = {each.short_name for each in ordered}
    parts = [schema for name, schema in named.items() if schema["type"] == "record" and name not in tops]
    modules = {
        "parts": [each for each in parts if not each["name"].endswith("Child")],
        "children": [each for each in parts if each["name"].endswith("Child")],
    } | {module: [each.schema for each in ordered if _module_of(each) == module] for module in ("orr", "ice", "both")}
    found = {"__init__.py": _package(ordered)}
    for module, schemas in modules.items():
        found[f"read_{module}.py"] = _ModuleWriter(named, tops, "read").module_text(schemas)
        found[f"write_{module}.py"] = _ModuleWriter(named, tops, "write").module_text(schemas)
    return found


def function_name(direction: str, record: str) -> str:
    """`read_sponsor_placement` for SponsorPlacement."""
    return f"{direction}_{re.sub(r'(?<=[a-z])(?=[A-Z])', '_', record).lower()}"


@dataclass
class _ModuleWriter:
    """One generated module: its functions, and the constants and parts that they use."""

    named: dict[str, Schema]
    top_records: set[str]
    direction: str
    constants: dict[str, str] = field(default_factory=dict)
    used_parts: set[str] = field(default_factory=set)

    def module_text(self, schemas: list[Schema]) -> str:
        """The whole module."""
        make: Callable[[Schema], Iterator[str]] = self.reader if self.direction == "read" else self.writer
        body = "\n\n\n".join("\n".join(make(schema)) for schema in schemas)
        here = {function_name(self.direction, schema["name"]) for schema in schemas}
        constants = "\n".join(_assignment(name, value) for value, name in self.constants.items())
        code = f"{constants}\n\n\n{body}\n" if constants else f"{body}\n"
        words = set(re.findall(r"\w+", code))
        modules = {"casefeed.contract.primitives": [name for name in _PRIMITIVES if name in words]}
        for room, child in (("parts", False), ("children", True)):
            used = sorted(n for n in self.used_parts - here if n.endswith("_child") is child)
            modules[f"casefeed.contract.generated.codecs.{self.direction}_{room}"] = used
        doc = "From bytes to the raw form." if self.direction == "read" else "From the raw form to bytes."
        head = f"{QUOTES}{doc} {_GENERATED_NOTE}{QUOTES}\n\nfrom __future__ import annotations"
        return f"{head}\n\n{import_block(modules)}\n\n{code}"

    def constant(self, prefix: str, value: str) -> str:
        """The name of a constant with this value, the same for the same value."""
        if value not in self.constants:
            count = sum(name.startswith(prefix) for name in self.constants.values())
            self.constants[value] = f"{prefix}_{count}"
        return self.constants[value]

    def match(self, pattern: str) -> str:
        """The name of what holds a text to `pattern`."""
        bare = pattern.removeprefix("^").removesuffix("$")
        return self.constant("_MATCH", f'full_match(r"{bare}")')

    def part_function(self, name: str) -> str:
        """The name of the function for a record inside another."""
        found = function_name(self.direction, name.rpartition(".")[2])
        self.used_parts.add(found)
        return found

    def resolve_type(self, type_: Any) -> tuple[str, Schema]:
        """What a type is ("string", "enum", ...) and its definition."""
        definition = self.named.get(type_.rpartition(".")[2], {"type": type_}) if isinstance(type_, str) else type_
        return definition["type"], definition

    def reader(self, schema: Schema) -> Iterator[str]:
        """The function that reads one record."""
        top = schema["name"] in self.top_records
        name = function_name("read", schema["name"])
        if top:
            yield f"def {name}(b: bytes) -> Datum:"
            yield f"    {QUOTES}All of a {schema['name']}.{QUOTES}"
            yield "    p = 0"
        else:
            yield f"def {name}(b: bytes, p: int) -> tuple[Datum, int]:"
            yield f"    {QUOTES}The {schema['name']} at `p`, and where it ends.{QUOTES}"
        for item in schema["fields"]:
            yield from self.read(item["name"], item["type"], item, "    ")
        yield from _raise_if_out_of_order(schema)
        if top:
            yield from _raise_if("    ", "p != len(b)")
        yield "    return {"
        yield from _wrapped(f'"{item["name"]}": {item["name"]},' for item in schema["fields"])
        yield "    }" if top else "    }, p"

    def read(self, to: str, type_: Any, props: Schema, pad: str) -> Iterator[str]:
        """The lines that read one value at `p` into the variable `to`."""
        if isinstance(type_, list):
            yield from self.read_union(to, type_, props, pad)
            return
        kind, definition = self.resolve_type(type_)
        if kind == "record":
            yield f"{pad}{to}, p = {self.part_function(definition['name'])}(b, p)"
        elif kind == "enum":
            yield f"{pad}{to} = {self.constant('_SYMBOLS', repr(dict(_numbered_symbols(definition))))}[b[p]]"
            yield f"{pad}p += 1"
        elif kind == "array":
            yield from self.read_array(to, definition, props, pad)
        elif kind == "boolean":
            yield from self.read_boolean(to, pad)
        elif kind in ("int", "long"):
            yield from self.read_number(to, kind, props, pad)
        elif kind == "bytes":
            yield f"{pad}p, q = read_span(b, p)"
            yield f"{pad}{to} = b[p:q]"
            yield f"{pad}p = q"
            if "max_length" in props:
                yield from _raise_if(pad, f"len({to}) > {props['max_length']}")
        else:
            yield from self.read_text(to, props, pad)

    def read_boolean(self, to: str, pad: str) -> Iterator[str]:
        if to == "synthetic":
            yield from _raise_if(pad, "b[p] != 1")
            yield f"{pad}synthetic = True"
        else:
            yield f"{pad}{to} = {self.constant('_BOOLEAN', '(False, True)')}[b[p]]"
        yield f"{pad}p += 1"

    def read_union(self, to: str, members: list[Any], props: Schema, pad: str) -> Iterator[str]:
        for index, member in enumerate(members):
            yield f"{pad}{'elif' if index else 'if'} b[p] == {index << 1}:"
            yield f"{pad}    p += 1"
            if member == "null":
                yield f"{pad}    {to} = None"
            else:
                yield from self.read(to, member, props, pad + "    ")
        yield f"{pad}else:"
        yield f"{pad}    raise FastPathError"

    def read_array(self, to: str, definition: Schema, props: Schema, pad: str) -> Iterator[str]:
        low, high = props.get("min_items", 0), props.get("max_items", 4096)
        yield f"{pad}{to}: list[str] = []"
        yield f"{pad}while b[p]:"
        yield f"{pad}    count, p = read_block_count(b, p)"
        yield from _raise_if(f"{pad}    ", f"count > {high} - len({to})")
        yield f"{pad}    for _ in range(count):"
        yield from self.read(f"{to}_item", definition["items"], item_constraints(props), pad + "        ")
        yield f"{pad}        {to}.append({to}_item)"
        yield f"{pad}p += 1"
        if low:
            yield from _raise_if(pad, f"len({to}) < {low}")

    def read_number(self, to: str, kind: str, props: Schema, pad: str) -> Iterator[str]:
        low, high = number_bounds(kind, props)
        if low == 0 and high > INT_MAX:
            yield f"{pad}{to}, p = read_timestamp(b, p, {high})"
        else:
            yield f"{pad}{to}, p = read_long(b, p)"
            yield from _raise_if(pad, f"not {low} <= {to} <= {high}")

    def read_text(self, to: str, props: Schema, pad: str) -> Iterator[str]:
        yield f"{pad}if (n := b[p]) & 129:"
        yield f"{pad}    p, q = read_span(b, p)"
        yield f"{pad}else:"
        yield f"{pad}    p, q = p + 1, p + 1 + (n >> 1)"
        if self.has_few_values(props):
            table = self.constant("_FEW", f"TextCache({self.match(props['pattern'])})")
            yield f"{pad}{to} = {table}[b[p:q]]"
        else:
            yield f"{pad}{to} = b[p:q].decode()"
        yield f"{pad}p = q"
        yield from _raise_if(pad, *self.violation_conditions(to, props, read=True))

    def has_few_values(self, props: Schema) -> bool:
        """Whether a text field holds few different texts."""
        few = "code_list" in props or props.get("name") in _FEW_VALUED_FIELDS
        return few and "pattern" in props and "synthetic_pattern" not in props

    def violation_conditions(self, of: str, props: Schema, *, read: bool) -> list[str]:
        """The expressions that are true when a text breaks one of its rules."""
        found = []
        if "max_length" in props:
            found.append(f"len({of}) > {props['max_length']}")
        for name in ("pattern", "synthetic_pattern"):
            if name not in props or (name == "pattern" and read and self.has_few_values(props)):
                continue
            test = f"not {self.match(props[name])}({of})"
            found.append(f"(not {of}.isprintable() and {test})" if props[name] == _FREE_TEXT else test)
        return found

    def writer(self, schema: Schema) -> Iterator[str]:
        """The function that writes one record."""
        yield f"def {function_name('write', schema['name'])}(datum: Datum) -> bytes:"
        yield f"    {QUOTES}The bytes of one {schema['name']}.{QUOTES}"
        yield from _raise_if("    ", "type(datum) is not dict", f"len(datum) != {len(schema['fields'])}")
        for item in schema["fields"]:
            yield f'    {item["name"]} = datum["{item["name"]}"]'
            yield from self.write(item["name"], item["type"], item, "    ")
        yield from _raise_if_out_of_order(schema)
        yield '    return b"".join(('
        yield from _wrapped(f"{item['name']}_out," for item in schema["fields"])
        yield "    ))"

    def write(self, of: str, type_: Any, props: Schema, pad: str) -> Iterator[str]:
        """The lines that hold the variable `of` to its rules and put its bytes into `of`_out."""
        if isinstance(type_, list):
            yield from self.write_union(of, type_, props, pad)
            return
        kind, definition = self.resolve_type(type_)
        if kind == "record":
            yield f"{pad}{of}_out = {self.part_function(definition['name'])}({of})"
        elif kind == "enum":
            symbols = {symbol: bytes((number,)) for number, symbol in _numbered_symbols(definition)}
            yield f"{pad}{of}_out = {self.constant('_SYMBOLS', repr(symbols))}[{of}]"
        elif kind == "array":
            yield from self.write_array(of, definition, props, pad)
        elif kind == "boolean":
            yield from _raise_if(pad, "synthetic is not True" if of == "synthetic" else f"type({of}) is not bool")
            yield f'{pad}{of}_out = b"\\x01"' + ("" if of == "synthetic" else f' if {of} else b"\\x00"')
        elif kind in ("int", "long"):
            low, high = number_bounds(kind, props)
            yield from _raise_if(pad, f"type({of}) is not int", f"not {low} <= {of} <= {high}")
            yield f"{pad}{of}_out = encode_long({of})"
        elif kind == "bytes":
            limit = [f"len({of}) > {props['max_length']}"] if "max_length" in props else []
            yield from _raise_if(pad, f"type({of}) is not bytes", *limit)
            yield f"{pad}{of}_out = encode_long(len({of})) + {of}"
        else:
            yield from _raise_if(pad, f"type({of}) is not str", *self.violation_conditions(of, props, read=False))
            yield f"{pad}raw = {of}.encode()"
            yield f"{pad}{of}_out = ENCODED_LENGTHS[len(raw)] + raw"

    def write_union(self, of: str, members: list[Any], props: Schema, pad: str) -> Iterator[str]:
        nullable = "null" in members
        for index, member in enumerate(members):
            if member == "null":
                yield f"{pad}{'elif' if index else 'if'} {of} is None:"
                yield f'{pad}    {of}_out = b"\\x{index << 1:02x}"'
                continue
            if nullable:
                yield f"{pad}{'else' if index else f'if {of} is not None'}:"
            else:
                yield f"{pad}else:" if index else f'{pad}if "ciphertext" not in {of}:'
            yield from self.write(of, member, props, pad + "    ")
            yield f'{pad}    {of}_out = b"\\x{index << 1:02x}" + {of}_out'

    def write_array(self, of: str, definition: Schema, props: Schema, pad: str) -> Iterator[str]:
        low, high = props.get("min_items", 0), props.get("max_items", 4096)
        yield from _raise_if(pad, f"type({of}) is not list", f"not {low} <= len({of}) <= {high}")
        yield f'{pad}{of}_out = encode_long(len({of})) if {of} else b""'
        yield f"{pad}for {of}_item in {of}:"
        yield from self.write(f"{of}_item", definition["items"], item_constraints(props), pad + "    ")
        yield f"{pad}    {of}_out += {of}_item_out"
        yield f'{pad}{of}_out += b"\\x00"'


def _assignment(name: str, value: str) -> str:
    """A constant, over several lines where it is long."""
    line = f"{name} = {value}"
    if len(line) <= WIDTH:
        return line
    inner = "\n".join(textwrap.wrap(value[1:-1], WIDTH - 4, initial_indent="    ", subsequent_indent="    "))
    return f"{name} = {{\n{inner},\n}}"


def _wrapped(words: Iterable[str]) -> Iterator[str]:
    """Words in as few lines as they fit into, inside a bracket."""
    yield from textwrap.wrap(" ".join(words), WIDTH, initial_indent=" " * 8, subsequent_indent=" " * 8)


def _raise_if(pad: str, *conditions: str) -> Iterator[str]:
    if conditions:
        yield f"{pad}if {' or '.join(conditions)}:"
        yield f"{pad}    raise FastPathError"


def _raise_if_out_of_order(schema: Schema) -> Iterator[str]:
    for item in schema["fields"]:
        if "not_before" in item:
            yield from _raise_if("    ", f"{item['name']} < {item['not_before']}")


def _numbered_symbols(enum: Schema) -> Iterator[tuple[int, str]]:
    """The symbols that may be written, each with the byte that stands for it."""
    return ((index << 1, symbol) for index, symbol in enumerate(enum["symbols"]) if symbol != UNRECOGNIZED)


def _module_of(each: EventType) -> str:
    """The module of an event type: that of its topic, or that of both."""
    return "both" if len(each.topics) > 1 else "orr" if ORR_TOPIC in each.topics else "ice"


def _package(ordered: list[EventType]) -> str:
    imports = {"casefeed.contract.fast_path": ["FAST_PATH_ERRORS", "FastCodec"]}
    for each in ordered:
        for way in ("read", "write"):
            names = imports.setdefault(f"casefeed.contract.generated.codecs.{way}_{_module_of(each)}", [])
            names.append(function_name(way, each.short_name))
    rows = "".join(
        f'        ("{each.fingerprint.hex()}", {function_name("read", each.short_name)}, '
        f"{function_name('write', each.short_name)}),\n"
        for each in ordered
    )
    return "\n".join(
        [
            f"{QUOTES}For each packaged schema, by its fingerprint, what reads its events and what writes them.",
            "",
            "A schema that is not here, edited since or another release's, goes by fastavro and the rules.",
            _GENERATED_NOTE,
            QUOTES,
            "",
            "from __future__ import annotations",
            "",
            import_block(imports),
            "",
            '__all__ = ["FAST_CODECS", "FAST_PATH_ERRORS"]',
            "",
            "FAST_CODECS = {",
            "    bytes.fromhex(fingerprint): FastCodec(read, write)",
            "    for fingerprint, read, write in (",
            f"{rows}    )",
            "}",
            "",
        ]
    )


def main() -> None:
    """Write every generated module and name those that changed."""
    write_modules(OUTPUT_DIR, generate_modules(load_catalogue()))


if __name__ == "__main__":
    main()
