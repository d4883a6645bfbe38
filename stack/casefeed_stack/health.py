"""Whether a stack that is up answers: the same calls that told it ready."""

from dataclasses import dataclass

from casefeed_stack.home import Running
from casefeed_stack.kafka import metadata
from casefeed_stack.registry import COMPATIBILITY, compatibility


@dataclass(frozen=True, slots=True)
class Health:
    """What each part answered; None for one that did not."""

    cluster_id: str | None
    compatibility: str | None

    @property
    def well(self) -> bool:
        """Whether both answer as they should."""
        return self.cluster_id is not None and self.compatibility == COMPATIBILITY


def ask(running: Running) -> Health:
    """Call both, each with a few seconds to answer."""
    host, port = running.bootstrap.split(":")
    try:
        cluster_id = metadata(host, int(port)).cluster_id
    except (OSError, ValueError):
        cluster_id = None
    try:
        level = compatibility(running.registry_url)
    except (OSError, ValueError):
        level = None
    return Health(cluster_id, level)
