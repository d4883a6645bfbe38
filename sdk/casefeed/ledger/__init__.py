"""An agency's ledger: from events to cases, figures and lists, and every question to them as a function.

A question takes a connection and returns a value: `as_dict()` is its JSON, and what may make the answer incomplete
is in it (`Freshness`). Who asks prints the value and makes the exit code of it. It may import the contract, the case,
Kafka, the runtime, the store, `casefeed.publish` and `casefeed.read`; never the command line, never an agency.
"""
