"""A command group that imports the module of a command when that command is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import click


class LazyGroup(click.Group):
    """Imports a command when it is asked for, so that a short command starts fast.

    `targets` names the object of each command as `module:attribute`, in the order in which --help lists them; `make`
    makes the command of that object (by default the object is the command).
    """

    def __init__(
        self, *args: Any, targets: Mapping[str, str], make: Callable[[Any], Any] = lambda found: found, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self._targets = targets
        self._make = make

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the commands; none is imported."""
        return list(self._targets)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, None where there is none; raises TypeError where the target is no command."""
        if cmd_name not in self._targets:
            return None
        module, _, attribute = self._targets[cmd_name].partition(":")
        found = self._make(getattr(import_module(module), attribute))
        if not isinstance(found, click.Command):
            raise TypeError(f"{cmd_name} is not a click command")
        return found
