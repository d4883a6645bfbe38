"""Sending what an agency has recorded: an archive goes to its topic as the bytes it was, once decoded and held
to the contract on its way out.

It may import the contract, the case and the wire, and SQL; never `casefeed.read`, never an agency.
"""

from casefeed.publish.command import replay_command
from casefeed.publish.publisher import Publisher
from casefeed.publish.replay import Plan, Replayed

__all__ = ["Plan", "Publisher", "Replayed", "replay_command"]
