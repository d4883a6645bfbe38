"""How far the replay of an archive has come: a small file that a replay started again goes on from.

It is bound to the archive's bytes, the cluster and the topic with its partition count. What it claims is held
against the topic before it is believed; where it is not believed all is sent again, which is harmless.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from casefeed.kafka.topics import Topic
from casefeed.publish.sent_check import Place, Places, astray
from casefeed.runtime.errors import Unavailable, WrongUse


@dataclass(slots=True)
class Progress:
    """The first `records` of the archive are acknowledged.

    `last`: by partition number (as text, it is JSON) the offset and event id of the last one there.
    """

    archive_sha256: str
    cluster_id: str
    topic: str
    partitions: int
    records: int = 0
    last: dict[str, Place] = field(default_factory=dict)

    @property
    def places(self) -> Places:
        """The last place of each partition."""
        return {int(number): place for number, place in self.last.items()}

    def save(self, path: Path) -> None:
        """Put it in the place of what was there; a crash leaves the one or the other.

        Raises Unavailable when the folder cannot be written.
        """
        beside = path.with_suffix(f".{os.getpid()}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            beside.write_text(json.dumps(asdict(self)), encoding="utf-8")
            beside.replace(path)
        except OSError as error:
            raise Unavailable(
                f"How far the replay has come cannot be kept in {path.parent} ({error.strerror}): make room there or "
                "make it writable, or name another folder in CASEFEED_HOME, and replay again; what was sent twice is "
                "held once."
            ) from error


def digest_of(path: Path) -> str:
    """The sha256 of the archive, in hex; raises WrongUse when it cannot be read."""
    try:
        with path.open("rb") as source:
            return hashlib.file_digest(source, "sha256").hexdigest()
    except OSError as error:
        raise WrongUse(f"{path} cannot be read ({error.strerror}); name an archive file.") from error


def place(home: Path, archive_sha256: str, topic: str) -> Path:
    """Where the progress of this archive on this topic is kept."""
    return home / "replay" / f"{archive_sha256[:16]}-{topic}.json"


async def resumed(path: Path, archive_sha256: str, topic: Topic, bootstrap: str) -> Progress:
    """What was kept, if it is of this archive and topic and the topic holds what it says; else a new beginning.

    Raises BrokerUnavailable when the topic cannot be asked.
    """
    new = Progress(archive_sha256, topic.cluster_id, topic.name, topic.partitions)
    kept = _read(path)
    if kept is None or not kept.last or _bound(kept) != _bound(new):
        return new
    return new if await astray(bootstrap, topic.name, kept.places) is not None else kept


def _bound(progress: Progress) -> tuple[str, str, str, int]:
    return progress.archive_sha256, progress.cluster_id, progress.topic, progress.partitions


def _read(path: Path) -> Progress | None:
    try:
        kept = Progress(**json.loads(path.read_text(encoding="utf-8")))
        kept.records = int(kept.records)
        kept.last = {number: (int(offset), str(ce_id)) for number, (offset, ce_id) in kept.last.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return None
    return kept
