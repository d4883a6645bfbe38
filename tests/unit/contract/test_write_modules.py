"""How modules that are made from the schemas come to lie where they are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from casefeed.schema_tools import generate_codecs, generate_models
from casefeed.schema_tools.python_source import write_modules


def test_what_changed_is_written_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is there as it should be is not touched, so that nothing is made anew that depends on it."""
    write_modules(tmp_path, {"one.py": "1\n", "two.py": "2\n"})
    assert capsys.readouterr().out == "one.py written\ntwo.py written\n"
    (tmp_path / "one.py").chmod(0o400)
    before = (tmp_path / "one.py").stat().st_mtime_ns
    write_modules(tmp_path, {"one.py": "1\n", "two.py": "3\n"})
    assert capsys.readouterr().out == "two.py written\n"
    assert (tmp_path / "one.py").stat().st_mtime_ns == before
    assert (tmp_path / "two.py").read_text() == "3\n"


@pytest.mark.parametrize("generator", [generate_models, generate_codecs])
def test_each_generator_writes_where_its_modules_are_kept(
    generator: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`make models` writes every module that the tests hold the committed ones to."""
    monkeypatch.setattr(generator, "OUTPUT_DIR", tmp_path)
    generator.main()  # type: ignore[attr-defined]
    made = generator.generate_modules(generate_codecs.load_catalogue())  # type: ignore[attr-defined]
    assert {each.name: each.read_text(encoding="utf-8") for each in tmp_path.iterdir()} == made
    assert capsys.readouterr().out.count(" written\n") == len(made)
