"""Who may publish what: the last look at an event before it leaves an agency."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from casefeed.contract import archive, catalogue
from casefeed.contract.archive import ArchiveFault, Envelope
from casefeed.contract.codec import decode
from casefeed.contract.errors import ContractError, Forbidden
from casefeed.contract.framing import cloud_events, frame
from casefeed.wire.errors import AnswerIsNo
from casefeed.wire.producer import MAX_RECORD_BYTES, Outgoing


@dataclass(frozen=True, slots=True)
class Publisher:
    """An agency's right to one topic.

    `agency` is for people; `recorded_by` are the values of `header.agency` whose facts it sends, its own and
    those of the adapters it runs.
    """

    agency: str
    topic: str
    recorded_by: frozenset[str]

    def outgoing(
        self, source: BinaryIO, path: Path, schema_ids: Mapping[str, int], *, skip: int = 0
    ) -> Iterator[Outgoing]:
        """The records of an archive, each decoded, held to the contract and framed; `skip` leave out the first.

        `schema_ids`: the registry's number by event type name. Raises AnswerIsNo at the first record that may
        not go out, naming file, record and rule, and where the file is no whole archive.
        """
        number = 0
        try:
            for number, envelope in enumerate(archive.read(source, str(path)), start=1):
                if number > skip:
                    yield self._checked(envelope, schema_ids)
        except ArchiveFault as fault:
            raise AnswerIsNo(f"{fault}; record {number + 1} could not be read, {number} could.") from fault
        except (ContractError, Forbidden) as fault:
            raise AnswerIsNo(
                f"{path}, record {number}: {fault}. Nothing from this record on was sent; what went before is "
                "harmless. Mend what made the archive and build it again."
            ) from fault

    def _checked(self, envelope: Envelope, schema_ids: Mapping[str, int]) -> Outgoing:
        event_type = catalogue.load().by_fingerprint(envelope.fingerprint)
        if event_type is None:
            raise ContractError(
                "schema",
                f"sha256 {envelope.fingerprint.hex()[:16]}... is of no event type of this installation",
            )
        if self.topic not in event_type.topics:
            topics = " and ".join(sorted(event_type.topics))
            raise ContractError(
                event_type.name, f"belongs on {topics}; {self.agency} publishes on {self.topic} only"
            )
        if len(envelope.datum) > MAX_RECORD_BYTES:
            raise ContractError(
                event_type.name, f"has {len(envelope.datum)} bytes, more than a record may (1 MiB)"
            )
        event = decode(event_type, envelope.datum)
        header = event["header"]
        if header["agency"] not in self.recorded_by:
            raise ContractError(
                f"{event_type.name}.header.agency",
                f"is {header['agency']}; {self.agency} sends what {', '.join(sorted(self.recorded_by))} recorded",
            )
        if envelope.key != header["child_key"]:
            raise ContractError(event_type.name, "has an envelope key that is not the child key in its body")
        if envelope.headers != cloud_events(event_type, event):
            raise ContractError(event_type.name, "has headers that do not repeat its body")
        return Outgoing(
            key=envelope.key.encode(),
            value=frame(schema_ids[event_type.name], envelope.datum),
            headers=envelope.headers,
            event_id=header["event_id"],
        )
