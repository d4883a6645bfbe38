"""The command and the agencies' groups: what pyproject.toml promises is what is installed, and it loads."""

from __future__ import annotations

from importlib.metadata import entry_points

import click
import pytest

from tests.house.checkout import pyproject

GROUP = "casefeed.commands"
DECLARED: dict[str, str] = pyproject()["project"]["entry-points"][GROUP]


def test_what_is_installed_is_what_is_declared() -> None:
    """The installed entry points are those of pyproject.toml; run `make test` again after changing them."""
    assert {each.name: each.value for each in entry_points(group=GROUP)} == DECLARED


@pytest.mark.parametrize("name", sorted(DECLARED))
def test_each_group_is_a_command_of_its_own_name(name: str) -> None:
    """Each entry point loads to a click command that says what it does and is called as it is registered."""
    command = entry_points(group=GROUP)[name].load()
    assert isinstance(command, click.Command)
    assert command.name == name
    assert command.help


def test_the_console_script_loads() -> None:
    """`casefeed` is a function that can be called."""
    (script,) = entry_points(group="console_scripts", name="casefeed")
    assert callable(script.load())
