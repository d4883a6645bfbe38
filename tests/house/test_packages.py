"""The architecture, as far as import-linter does not hold it: sizes, names and words."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator

from tests.house.checkout import ROOT, import_packages, pyproject, python_files, texts

LONGEST_FILE_LINES = 500
# Where code goes that has no room (design.md section 3).
ROOMS_WITHOUT_A_MEANING = {"producers", "consumers", "schemas", "common", "core", "utils", "helpers", "misc"}
# Each pattern has a bracket or a break in it, so that this file does not match itself.
THIS_MACHINE = re.compile(r"(?:^|[^A-Za-z0-9_.])/(?:work|farm|root)/", re.MULTILINE)
ADDRESSES_OF_REGISTRIES = re.compile(r"pypi[.]org|python[h]osted|maven[.](?:apache[.])?org|--(?:extra-)?[i]ndex-url")
LEFT_OPEN = re.compile(r"\b(?:TO[D]O|FIX[M]E|HAC[K])\b|for the [m]oment|simplified for [n]ow")
# The only type names with two meanings, each with its reason.
TWO_MEANINGS = {"Fact": "the truth of the synthetic world is counted by code that never saw the product's fold"}
# A child is absent; neither word is a state (design.md section 2).
NO_STATE_OF_A_CHILD = ("ESCAPE", "LOST")


def found(pattern: re.Pattern[str]) -> list[str]:
    """Where the pattern stands in the checkout's text, as `path:line`."""
    return [
        f"{path}:{text.count(chr(10), 0, match.start()) + 1}"
        for path, text in texts()
        for match in pattern.finditer(text)
    ]


def test_no_file_is_too_long_to_read() -> None:
    """No Python file has more than 500 lines."""
    sizes = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in python_files()}
    assert [f"{path}: {lines} lines" for path, lines in sizes.items() if lines > LONGEST_FILE_LINES] == []


def test_every_room_says_what_it_is_for() -> None:
    """Each package with code in it opens with a docstring."""
    rooms = [path for package in import_packages() for path in package.rglob("__init__.py")]
    texts_by_path = {path: path.read_text(encoding="utf-8") for path in rooms}
    silent = [str(path) for path, text in texts_by_path.items() if not ast.get_docstring(ast.parse(text))]
    assert silent == []


def test_rooms_are_named_after_the_work() -> None:
    """No package or module has a name under which anything could be put."""
    roots = import_packages()
    names = {
        path: path.parent.name if path.name == "__init__.py" else path.stem
        for root in roots
        for path in root.rglob("*.py")
    }
    assert [str(path) for path, name in names.items() if name in ROOMS_WITHOUT_A_MEANING] == []


def public_types(tree: ast.Module) -> Iterator[str]:
    """The public classes, type aliases and type variables that a module defines."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            name = node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            name = target.id if isinstance(target, ast.Name) else ""
        else:
            continue
        if name[:1].isupper() and not (name.isupper() and len(name) > 1):
            yield name


def test_no_type_name_has_two_meanings() -> None:
    """A public type name is defined in one module of the product; generated code is left out."""
    modules: dict[str, list[str]] = {}
    for path in python_files("sdk", "producers", "consumers", "stack"):
        if "generated" not in path.parts:
            for name in public_types(ast.parse(path.read_text(encoding="utf-8"))):
                modules.setdefault(name, []).append(path.relative_to(ROOT).as_posix())
    assert {name: paths for name, paths in modules.items() if len(paths) > 1}.keys() == TWO_MEANINGS.keys()


def test_the_import_rules_know_every_package() -> None:
    """A package added to the wheel is also under import-linter's contracts."""
    ruled = set(pyproject()["tool"]["importlinter"]["root_packages"])
    assert ruled == {package.name for package in import_packages()}


def test_every_package_is_typed() -> None:
    """Each import package carries py.typed, so that an integrator's type checker reads our types."""
    assert [package.name for package in import_packages() if not (package / "py.typed").is_file()] == []


def test_nothing_names_the_machine_it_was_written_on() -> None:
    """No text holds an absolute path of a developer's machine."""
    assert found(THIS_MACHINE) == []


def test_nothing_names_an_address_of_a_registry() -> None:
    """Where packages and jars come from is the machine's own setting, never written here."""
    assert found(ADDRESSES_OF_REGISTRIES) == []


def test_nothing_is_left_open() -> None:
    """No text promises work for later: it is done, or it is an issue."""
    assert found(LEFT_OPEN) == []


def named_in(schema: object) -> Iterator[str]:
    """Every name and symbol of a schema file."""
    if isinstance(schema, list):
        for each in schema:
            yield from named_in(each)
    elif isinstance(schema, dict):
        yield schema.get("name", "")
        yield from schema.get("symbols", [])
        for key in ("fields", "items", "type", "values"):
            yield from named_in(schema.get(key))


def test_no_schema_calls_a_child_what_it_is_not() -> None:
    """No name or symbol of a schema says of a child what the trade never says."""
    names = {
        f"{path.name}: {name}"
        for path in (ROOT / "schemas" / "avro").glob("*.avsc")
        for name in named_in(json.loads(path.read_text(encoding="utf-8")))
    }
    assert names
    assert [name for name in names if any(word in name.upper() for word in NO_STATE_OF_A_CHILD)] == []
