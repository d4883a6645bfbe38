"""How far the replay of an archive has come: a small file that a replay started again goes on from.

It is bound to the archive's bytes, the cluster and the topic with its partition count. What it claims is held
against the topic before it is believed; where it is not believed all is sent again, which is harmless.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from casefeed.kafka.topics import TopicDescription
from casefeed.publish.sender import SentPosition, SentPositions, find_missing
from casefeed.runtime.errors import Unavailable, UsageError


@dataclass(slots=True)
class ReplayCheckpoint:
    """The first `records` of the archive are acknowledged.

    `last`: by partition number (as text, it is JSON) the offset and event id of the last one there.
    """

    archive_sha256: str
    cluster_id: str
    topic: str
    partitions: int
    records: int = 0
    last: dict[str, SentPosition] = field(default_factory=dict)

    @property
    def last_positions(self) -> SentPositions:
        """The last place of each partition."""
        return {int(partition): position for partition, position in self.last.items()}

    def save(self, path: Path) -> None:
        """Put it in the place of what was there; a crash leaves the one or the other.

        Raises Unavailable when the folder cannot be written.
        """
        temp_path = path.with_suffix(f".{os.getpid()}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            temp_path.write_text(json.dumps(asdict(self)), encoding="utf-8")
            temp_path.replace(path)
        except OSError as error:
            raise Unavailable(
                f"How far the replay has come cannot be kept in {path.parent} ({error.strerror}): make room there or "
                "make it writable, or name another folder in CASEFEED_HOME, and replay again; what was sent twice is "
                "held once."
            ) from error


def file_sha256(path: Path) -> str:
    """The sha256 of the archive, in hex; raises UsageError when it cannot be read."""
    try:
        with path.open("rb") as source:
            return hashlib.file_digest(source, "sha256").hexdigest()
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}); name an archive file.") from error


def checkpoint_path(home: Path, archive_sha256: str, topic: str) -> Path:
    """Where the progress of this archive on this topic is kept."""
    return home / "replay" / f"{archive_sha256[:16]}-{topic}.json"


async def load_checkpoint(
    path: Path, archive_sha256: str, topic: TopicDescription, bootstrap: str
) -> ReplayCheckpoint:
    """What was kept, if it is of this archive and topic and the topic holds what it says; else a new beginning.

    Raises BrokerUnavailable when the topic cannot be asked.
    """
    new = ReplayCheckpoint(archive_sha256, topic.cluster_id, topic.name, topic.partitions)
    saved = _read_checkpoint(path)
    if saved is None or not saved.last or replace(saved, records=0, last={}) != new:
        return new
    return new if await find_missing(bootstrap, topic.name, saved.last_positions) is not None else saved


def _read_checkpoint(path: Path) -> ReplayCheckpoint | None:
    try:
        saved = ReplayCheckpoint(**json.loads(path.read_text(encoding="utf-8")))
        saved.records = int(saved.records)
        saved.last = {partition: (int(offset), str(ce_id)) for partition, (offset, ce_id) in saved.last.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return None
    return saved
