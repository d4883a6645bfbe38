"""Whether a stack that is up answers: the same calls that told it ready."""

from dataclasses import dataclass

from casefeed_stack.home import Running
from casefeed_stack.kafka import metadata
from casefeed_stack.registry import COMPATIBILITY, compatibility

ANSWER_WITHIN_S = 10.0


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
    """Call both; on a busy machine each may take its time to answer."""
    host, port = running.bootstrap.split(":")
    try:
        cluster_id = metadata(host, int(port), ANSWER_WITHIN_S).cluster_id
    except (OSError, ValueError):
        cluster_id = None
    try:
        level = compatibility(running.registry_url, ANSWER_WITHIN_S)
    except (OSError, ValueError):
        level = None
    return Health(cluster_id, level)
