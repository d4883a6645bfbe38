"""The parts of docs/ that are written by the code: findings, AsyncAPI document, the tables of docs/read-the-feed.md.

`make docs` writes them; tests/house/test_docs.py holds them equal.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from casefeed.cli.schema_asyncapi import asyncapi_text
from casefeed.contract import catalogue
from casefeed.contract.reasons import ParkedReason, RefusedReason
from tests.house.checkout import ROOT, python_files

FINDINGS = ROOT / "docs" / "findings.toml"
FINDINGS_PAGE = ROOT / "docs" / "findings.md"
FEED_PAGE = ROOT / "docs" / "read-the-feed.md"
ASYNCAPI = ROOT / "docs" / "asyncapi.json"
LABELS = {"P": "primary", "S": "secondary"}
OPENING = """\
# The findings, and what answers them

Each recommendation, published figure and named cause of the Inspector General's two reports on unaccompanied
children (OIG-24-46, August 2024; OIG-25-21, March 2025), what casefeed does about it today, and the tests that
prove it. Neither report's PDF could be read in full here: *primary* means that the words or the figure stand on
oversight.gov, *secondary* that a newspaper, digest or tracker reports them. OIG-25-21 has four numbered
recommendations whose wording was not found; they stand here by their five themes, without numbers.

This page is written by `make docs` from [findings.toml](findings.toml) and from the tests marked
`@pytest.mark.finding("...")`; do not edit it.
"""


def findings() -> dict[str, Any]:
    """findings.toml, parsed: `groups`, and per id what the reports say and what casefeed does."""
    return tomllib.loads(FINDINGS.read_text(encoding="utf-8"))


def tagged_tests() -> Iterator[tuple[str, Path, str]]:
    """(finding, file from the root, test) for every finding that a test is marked with, file by file.

    A test marked with "every-figure" proves each of the published figures.
    """
    figures = [name for name, each in findings()["finding"].items() if each["group"] == "figure"]
    for path in sorted(python_files("tests")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for mark in node.decorator_list:
                    if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.finding":
                        names = [ast.literal_eval(name) for name in mark.args]
                        for name in chain.from_iterable(
                            figures if name == "every-figure" else [name] for name in names
                        ):
                            yield name, path.relative_to(ROOT), node.name


def findings_page() -> str:
    """docs/findings.md."""
    told = findings()
    proofs: dict[str, list[str]] = {}
    for finding, path, test in tagged_tests():
        proofs.setdefault(finding, []).append(f"[{test_sentence(test)}](../{path.as_posix()})")
    lines = [OPENING, "| finding | verified | proved by | a part not yet there |", "| --- | --- | --- | --- |"]
    for name, each in told["finding"].items():
        count = len(proofs.get(name, []))
        tests = f"{count} test{'' if count == 1 else 's'}" if count else "no test yet"
        gap = "yes" if "not_yet" in each else "no"
        lines.append(f"| [{name}](#{name.lower().replace('/', '')}) | {LABELS[each['label']]} | {tests} | {gap} |")
    lines.append("")
    for group, title in told["groups"].items():
        lines.append(f"## {title}\n")
        for name, each in told["finding"].items():
            if each["group"] == group:
                lines += [entry(name, each, proofs.get(name, [])), ""]
    return "\n".join(lines)


def entry(name: str, finding: dict[str, str], proofs: list[str]) -> str:
    """One finding with what answers it."""
    lines = [
        f"### {name}\n",
        f"{finding['words']} ({LABELS[finding['label']]}: {finding['source']})\n",
        f"- **Today**: {finding['today']}",
    ]
    if "not_yet" in finding:
        lines.append(f"- **Not yet**: {finding['not_yet']}")
    lines.append(f"- **Proved by**: {'; '.join(proofs)}." if proofs else "- **Proved by**: no test yet.")
    return "\n".join(lines)


def test_sentence(test: str) -> str:
    """A test's name as words."""
    return test.removeprefix("test_").replace("_", " ")


def reasons_table() -> str:
    """Every reason for which a record is parked or refused."""
    rows = ["| reason | outcome | who can repair it | means |", "| --- | --- | --- | --- |"]
    for outcome, reasons in (("parked", ParkedReason), ("refused", RefusedReason)):
        for each in reasons:
            rows.append(f"| `{each.value}` | {outcome} | {each.repairer.value} | {each.description} |")
    return "\n".join(rows)


def types_table() -> str:
    """Every event type: its topics, its personal parts, what it states."""
    rows = ["| event type | topic | personal parts | states |", "| --- | --- | --- | --- |"]
    for kind in sorted(
        catalogue.load_catalogue().event_types.values(), key=lambda each: (sorted(each.topics)[::-1], each.name)
    ):
        parts = [field["name"] for field in kind.schema["fields"] if field["name"] in ("child", "sponsor")]
        topics = ", ".join(f"`{topic}`" for topic in sorted(kind.topics))
        rows.append(f"| `{kind.name}` | {topics} | {', '.join(parts) or 'none'} | {kind.schema['doc']} |")
    return "\n".join(rows)


def header_table() -> str:
    """Every field of the record `header` that each event begins with."""
    schema = next(iter(catalogue.load_catalogue().event_types.values())).schema
    header = next(field["type"] for field in schema["fields"] if field["name"] == "header")
    rows = ["| field of `header` | means |", "| --- | --- |"]
    return "\n".join(rows + [f"| `{field['name']}` | {field['doc']} |" for field in header["fields"]])


TABLES = {"event-types": types_table, "header": header_table, "reasons": reasons_table}
BLOCK = re.compile(r"(<!-- written by make docs: (?P<name>[a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def feed_page() -> str:
    """docs/read-the-feed.md with its tables as the contract has them."""
    return BLOCK.sub(
        lambda block: f"{block[1]}\n{TABLES[block['name']]()}\n\n{block[3]}", FEED_PAGE.read_text(encoding="utf-8")
    )


if __name__ == "__main__":
    FINDINGS_PAGE.write_text(findings_page(), encoding="utf-8")
    FEED_PAGE.write_text(feed_page(), encoding="utf-8")
    ASYNCAPI.write_text(asyncapi_text(), encoding="utf-8")
