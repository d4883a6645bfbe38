"""`casefeed ice replay`: ICE's own facts, and those of its court adapter, go to ICE's topic.

ICE learns them by reading its own topic, one path for all.
"""

from casefeed.contract.catalogue import ICE_TOPIC
from casefeed.publish import Publisher, replay_command

replay = replay_command(Publisher("ICE", ICE_TOPIC, frozenset({"ICE_ERO", "ICE_OPLA", "EOIR_ADAPTER"})))
