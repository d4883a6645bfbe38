"""What can be wrong with a record, said so that no value of it is repeated."""

from __future__ import annotations

from casefeed.contract.reasons import ParkedReason, RefusedReason


class ContractError(ValueError):
    """The record breaks the contract.

    `where` is the path of the field (dots between names), `rule` the rule that it breaks, in words that hold
    no value of the record. `reason` is what a reader would park it for.
    """

    def __init__(self, where: str, rule: str, reason: ParkedReason = ParkedReason.INVALID_FIELD) -> None:
        self.where = where
        self.rule = rule
        self.reason = reason
        super().__init__(f"{where}: {rule}")


class RefusedError(ValueError):
    """The record may not be here at all: it is refused, and its bytes are kept nowhere."""

    def __init__(self, where: str, reason: RefusedReason) -> None:
        self.where = where
        self.reason = reason
        super().__init__(f"{where}: {reason.description}")


class SchemaError(ValueError):
    """The packaged schemas do not hang together; the sentence says which file and what to do."""
