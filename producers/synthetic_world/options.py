"""What names a world on the command line: its scale and its seed."""

from __future__ import annotations

import click

_SMALLEST = 5_000  # about ninety children: below, the reports' shares round away

scale_option = click.option(
    "--scale",
    type=click.IntRange(1, _SMALLEST),
    default=100,
    show_default=True,
    metavar="N",
    help="One child for every N of the 448,000.",
)
seed_option = click.option(
    "--seed",
    type=click.IntRange(0),
    default=7,
    show_default=True,
    metavar="S",
    help="The same seed and scale give the same bytes.",
)
