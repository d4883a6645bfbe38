"""Three consumers of the same topics that do the same work: ours, and two as good engineers would write them.

Each is a process of its own (`python -m benchmarks.peers.NAME`), reads both topics to their ends into a SQLite file,
and prints one line of JSON. All hold every record to the whole contract, know an event by its id, call the same fold
and figures (`casefeed.ledger.projection.compute_changes`),
use the same store settings and commit once per batch with the position.
"""
