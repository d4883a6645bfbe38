"""The docs are present truth: links lead somewhere, commands exist, quotes and tables are the code's."""

from __future__ import annotations

import pkgutil
import re

import pytest

from casefeed.cli.app import casefeed
from casefeed.cli.installed import ENTRY_POINT_GROUP
from casefeed.cli.schema_asyncapi import asyncapi_text
from casefeed.contract import archive, catalogue
from casefeed.contract.reasons import ParkedReason, RefusedReason
from casefeed.contract.resources import seeds_dir
from casefeed.runtime.settings import CONFIG_FILE
from casefeed_stack import pins
from tests.house import generated_docs
from tests.house.checkout import ROOT, files, import_packages
from tests.house.pages import SPAN, Page, command_errors, commands, pages

EACH = pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
FEED = Page(generated_docs.FEED_PAGE)
A_CHILD_KEY = re.compile(r"\b(?=[a-z]*[2-7])[a-z2-7]{16}\b")
# The changelog names what was there before; in the other pages a name with one of these words stands for any.
BEFORE = "CHANGELOG.md"
PLACEHOLDER = re.compile(r"NNNN|<|\*|\bX\b")
OUR_PACKAGES = "casefeed|casefeed_stack|synthetic_world|example_reader|ice_caseload|orr_desk"
OUR_MODULE = re.compile(rf"(?:{OUR_PACKAGES})(?:\.[a-z_]\w*)+")
OUR_FILE = re.compile(r"(?:\w[\w.-]*/)+[\w.-]*|\w[\w-]*\.(?:py|sql)")
OUR_FOLDERS = ("benchmarks", "consumers", "docs", "producers", "schemas", "sdk", "seeds", "stack", "tests")
A_SCHEMA = re.compile(r"urn:casefeed:schema:[\w.]+:sha256:[0-9a-f]{64}")


@EACH
def test_every_link_leads_somewhere(page: Page) -> None:
    """The file is there, and has the heading that the link names."""
    broken = []
    for link in page.links():
        target, _, anchor = link.partition("#")
        path = (page.path.parent / target).resolve() if target else page.path
        if not path.exists() or (anchor and anchor not in Page(path).anchors()):
            broken.append(link)
    assert broken == []


@EACH
def test_every_command_exists(page: Page) -> None:
    """Each `casefeed ...` that a page tells people to type has that command and those options."""
    called = [words for line in page.typed_lines() for words in commands(line, "casefeed")]
    assert [fault for words in called for fault in command_errors(words, casefeed)] == []


@EACH
def test_every_make_target_exists(page: Page) -> None:
    """Each `make ...` of a page is a target of the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = {
        word
        for line in page.typed_lines()
        for words in commands(line, "make")
        for word in words
        if re.fullmatch(r"[a-z-]+", word)
    }
    assert named - targets == set()


def exists(name: str) -> bool:
    """Whether a name is that of a file or folder, whole or its end, or of something that can be imported."""
    paths = [path.relative_to(ROOT).as_posix() for path in files()]
    if any(f"/{path}".endswith(f"/{name}") or path.startswith(f"{name}/") for path in paths):
        return True
    try:
        pkgutil.resolve_name(name)
    except (ImportError, AttributeError, ValueError):
        return False
    return True


def missing_names(page: Page) -> list[str]:
    """The modules, functions, files and folders of ours that a page names and that are not there."""
    missing = []
    for span in SPAN.findall(page.prose):
        name = span.removesuffix("()").rstrip("/")
        if PLACEHOLDER.search(name) or name in (CONFIG_FILE, ENTRY_POINT_GROUP):
            continue
        is_file = OUR_FILE.fullmatch(name) and (
            name.partition("/")[0] in OUR_FOLDERS or name.endswith((".py", ".sql"))
        )
        if (is_file or OUR_MODULE.fullmatch(name)) and not exists(name):
            missing.append(span)
    return missing


@EACH
def test_every_module_and_file_of_ours_exists(page: Page) -> None:
    """What a page names in backticks as `casefeed.x.y`, as a path or as a file is there under that name."""
    assert page.name == BEFORE or missing_names(page) == []


@EACH
def test_every_quote_is_the_files(page: Page) -> None:
    """A code block that says from which file it is stands there line for line."""
    spoilt = [name for name, lines in page.quotes() if lines not in (ROOT / name).read_text(encoding="utf-8")]
    assert spoilt == []


@EACH
def test_every_example_is_of_the_seeds(page: Page) -> None:
    """A child key that a page shows is in seeds/, a schema's address the packaged schema's."""
    keys = set()
    for path in seeds_dir().glob("*.avro"):
        with path.open("rb") as source:
            keys |= {each.key for each in archive.read_archive(source)}
    assert [key for key in A_CHILD_KEY.findall(page.text) if key not in keys] == []
    known = catalogue.load_catalogue()
    assert [each for each in A_SCHEMA.findall(page.text) if known.by_dataschema(each) is None] == []


def test_the_checks_would_see_a_fault() -> None:
    """A command, an option, a choice or an argument that does not exist is found; what exists is not."""

    def found(line: str) -> list[str]:
        return [fault for words in commands(line, "casefeed") for fault in command_errors(words, casefeed)]

    assert found("casefeed nonsense")
    assert found("X=1 casefeed stack up && casefeed ice intake --until-caught-upp")
    assert found("casefeed ice list absences|nonsense")
    assert found("docker compose run --rm scorecard casefeed ice scorecard --as of 2024-05-31")
    assert found("casefeed settings another")
    assert not found("casefeed stack up|down|status  # nonsense")
    assert not found("casefeed ice list absences|failures --area SNA --open && casefeed ice case KEY")
    assert not found("casefeed --home DIR ice scorecard --as-of 2024-05-31 --format json")


def test_the_findings_are_those_of_the_tests() -> None:
    """docs/findings.md is what findings.toml and the marks of the tests give; run `make docs` when it is not."""
    assert generated_docs.FINDINGS_PAGE.read_text(encoding="utf-8") == generated_docs.findings_page()


def test_every_mark_names_a_finding() -> None:
    """A test marked with a finding that findings.toml does not know would prove nothing to anybody."""
    known = generated_docs.findings()["finding"]
    assert [f"{path} {test}: {name}" for name, path, test in generated_docs.tagged_tests() if name not in known] == []


def test_the_tables_are_the_contracts() -> None:
    """The tables of docs/read-the-feed.md are those of the contract; run `make docs` when they are not."""
    text = FEED.text
    assert {block["name"] for block in generated_docs.BLOCK.finditer(text)} == set(generated_docs.TABLES)
    assert text == generated_docs.feed_page()


def test_the_asyncapi_document_is_the_catalogues() -> None:
    """docs/asyncapi.json is what `casefeed schema asyncapi` prints; run `make docs` when it is not."""
    assert generated_docs.ASYNCAPI.read_text(encoding="utf-8") == asyncapi_text()


def test_every_reason_is_explained_to_integrators() -> None:
    """Each reason for which a record is parked or refused has a row."""
    reasons = [each.value for each in (*ParkedReason, *RefusedReason)]
    assert [each for each in reasons if f"| `{each}` |" not in FEED.text] == []


PARKED_PAGE = Page(ROOT / "docs" / "operate" / "parked.md")


def test_every_reason_has_its_heading_and_every_heading_its_reason() -> None:
    """docs/operate/parked.md says of each reason who can repair it, and with which command."""
    sections = dict(re.findall(r"^### (.+)\n\n((?:(?!#).*\n)*)", PARKED_PAGE.text + "\n", re.MULTILINE))
    reasons = {each.value: each for each in (*ParkedReason, *RefusedReason)}
    assert sections.keys() == reasons.keys()
    assert [name for name, each in reasons.items() if f"**The {each.repairer.value}**" not in sections[name]] == []
    assert [name for name, text in sections.items() if "`casefeed " not in text] == []


def test_every_topic_has_its_place() -> None:
    """The page for integrators names each topic and each header that a published event carries."""
    names = [*catalogue.load_catalogue().topics, "ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time"]
    names += ["ce_subject", "ce_dataschema", "content-type"]
    assert [each for each in names if f"`{each}`" not in FEED.text] == []


def test_the_java_of_the_page_is_short_and_runs_on_what_is_pinned() -> None:
    """Fewer than 80 lines; the shell line names the versions that `casefeed stack up` fetches."""
    snippets = ROOT / "docs" / "snippets"
    assert len((snippets / "ReadTheFeed.java").read_text(encoding="utf-8").splitlines()) < 80
    shell = (snippets / "java.sh").read_text(encoding="utf-8")
    assert f"kafka-{pins.KAFKA_VERSION}/" in shell
    assert f"apicurio-{pins.REGISTRY_VERSION}/" in shell


def test_every_room_has_its_page() -> None:
    """Each package, and each room of the SDK, has a page that the index of rooms links to."""
    packages = import_packages()
    rooms = {each.name.removeprefix("casefeed_") for each in packages if each.name != "casefeed"}
    rooms |= {each.parent.name for each in (ROOT / "sdk" / "casefeed").glob("*/__init__.py")}
    expected = {f"{room.replace('_', '-')}.md" for room in rooms}
    assert expected - set(Page(ROOT / "docs" / "rooms" / "README.md").links()) == set()


def test_every_page_is_in_an_index() -> None:
    """No page of docs/ has to be guessed: the README of its folder, or that of docs/, links to it."""
    linked = {
        (page.path.parent / link.partition("#")[0]).resolve()
        for page in pages()
        if page.path.name == "README.md"
        for link in page.links()
    }
    told = [page for page in pages() if page.name.startswith("docs/") and page.path.name != "README.md"]
    assert [page.name for page in told if page.path not in linked] == []


def test_every_decision_says_what_would_change_it() -> None:
    """A decision has its context, choice and price, and what would make us decide otherwise."""
    decisions = [page for page in pages() if page.path.parent.name == "decisions" and page.path.name != "README.md"]
    assert decisions
    parts = ("**Context.**", "**Choice.**", "**Price.**", "**What would change it.**")
    assert [page.name for page in decisions if not all(part in page.text for part in parts)] == []
