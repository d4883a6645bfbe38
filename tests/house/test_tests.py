"""What the tests owe: each says what it shows, and none looks away."""

from __future__ import annotations

import ast
import re

from tests.house.checkout import ROOT, functions_of_tests, pyproject, python_files

LOOKS_AWAY = re.compile(r"pytest[.](?:mark[.])?(?:skip|[x]fail|importor[s]kip)")


def test_each_test_states_one_behaviour() -> None:
    """Every test has a docstring of one sentence or more."""
    assert [where for where, test in functions_of_tests() if not ast.get_docstring(test)] == []


def test_no_test_skips() -> None:
    """A test whose broker or tool is not there fails and says so; it never passes in silence."""
    assert [
        str(path.relative_to(ROOT))
        for path in python_files("tests")
        if LOOKS_AWAY.search(path.read_text(encoding="utf-8"))
    ] == []


def test_every_room_of_tests_is_run() -> None:
    """`make test` runs every folder of tests, but for those that need a docker engine, kcat and a JDK, or time."""
    run = {
        *pyproject()["tool"]["pytest"]["ini_options"]["testpaths"],
        "tests/compose",
        "tests/interop",
        "tests/soak",
    }
    tests = [path for path in python_files("tests") if path.name.startswith("test_")]
    assert {"/".join(path.relative_to(ROOT).parts[:2]) for path in tests} <= run
