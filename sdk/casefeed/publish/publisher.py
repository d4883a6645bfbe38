"""Who may publish what: the last look at an event before it leaves an agency."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from casefeed.contract.catalogue import EventType, load_catalogue, walk_fields
from casefeed.contract.codec import decode, fails_synthetic_guard
from casefeed.contract.errors import ContractError, RefusedError
from casefeed.contract.framing import cloud_event_headers, header_text
from casefeed.contract.reasons import RefusedReason
from casefeed.kafka.records import MAX_RECORD_BYTES, OutgoingRecord
from casefeed.runtime.errors import CheckFailed

if TYPE_CHECKING:
    from casefeed.contract.archive import Envelope


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
        self, source: BinaryIO, path: Path, *, skip: int = 0, as_is: bool = False
    ) -> Iterator[OutgoingRecord]:
        """The records of an archive, each decoded and held to the contract; `skip` leaves out the first.

        `as_is` lets a record through that breaks the contract, as a broken sender would; never one of another
        topic, nor one that is not synthetic. Raises CheckFailed at the first record that may not go out, naming
        file, record and rule, and where the file is no whole archive.
        """
        from casefeed.contract.archive import ArchiveError, read_archive

        number = 0
        try:
            for number, envelope in enumerate(read_archive(source, str(path)), start=1):
                if number > skip:
                    event_type = self._checked_type(envelope)
                    try:
                        self._check_record(event_type, envelope)
                    except ContractError as error:
                        if not as_is:
                            raise
                        if fails_synthetic_guard(event_type, envelope.datum):
                            raise RefusedError(event_type.name, RefusedReason.NOT_SYNTHETIC) from error
                    key, event_id = envelope.key.encode(), header_text(envelope.headers, "ce_id") or ""
                    yield OutgoingRecord(key, event_type, envelope.datum, envelope.headers, event_id)
        except ArchiveError as error:
            raise CheckFailed(f"{error}; record {number + 1} could not be read, {number} could.") from error
        except (ContractError, RefusedError) as error:
            raise CheckFailed(
                f"{path}, record {number}: {error}. Nothing from this record on was sent; what went before is "
                "harmless. Mend what made the archive and build it again; --as-is sends it all the same, to see what "
                "readers do."
            ) from error

    def check_type(self, event_type: EventType) -> None:
        """Raises ContractError for a type that does not belong on this publisher's topic."""
        if self.topic not in event_type.topics:
            topics = " and ".join(sorted(event_type.topics))
            raise ContractError(event_type.name, f"belongs on {topics}; {self.agency} publishes on {self.topic} only")

    def check_agency(self, event_type: EventType, agency: object) -> None:
        """Raises ContractError for what another agency wrote down; what is no agency is not repeated."""
        if not isinstance(agency, str) or agency not in self.recorded_by:
            agencies = dict(walk_fields(event_type.schema))["header", "agency"]["type"]["symbols"]
            description = f"is {agency}" if agency in agencies else "is no agency"
            raise ContractError(
                f"{event_type.name}.header.agency",
                f"{description}; {self.agency} sends what {', '.join(sorted(self.recorded_by))} recorded",
            )

    @staticmethod
    def check_size(event_type: EventType, datum: bytes) -> None:
        """Raises ContractError for a datum that Kafka would not take."""
        if len(datum) > MAX_RECORD_BYTES:
            raise ContractError(event_type.name, f"has {len(datum)} bytes, more than a record may (1 MiB)")

    def _checked_type(self, envelope: Envelope) -> EventType:
        """The event type of a record that this publisher may send and Kafka can take."""
        event_type = load_catalogue().by_fingerprint(envelope.fingerprint)
        if event_type is None:
            digest = envelope.fingerprint.hex()[:16]
            raise ContractError("schema", f"sha256 {digest}... is of no event type of this installation")
        self.check_type(event_type)
        self.check_size(event_type, envelope.datum)
        return event_type

    def _check_record(self, event_type: EventType, envelope: Envelope) -> None:
        """Hold the record to the contract; raises ContractError or RefusedError."""
        event = decode(event_type, envelope.datum)
        header = event["header"]
        self.check_agency(event_type, header["agency"])
        if envelope.key != header["child_key"]:
            raise ContractError(event_type.name, "has an envelope key that is not the child key in its body")
        if envelope.headers != cloud_event_headers(event_type, event):
            raise ContractError(event_type.name, "has headers that do not repeat its body")
