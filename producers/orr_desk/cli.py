"""`casefeed orr`: what the simulated HHS producer does."""

import click

from casefeed.contract.catalogue import ORR_TOPIC
from casefeed.publish import Publisher, replay_command


@click.group
def orr() -> None:
    """The simulated HHS producer (ORR): publish its record of the children."""


orr.add_command(replay_command(Publisher("ORR", ORR_TOPIC, frozenset({"ORR"}))))
