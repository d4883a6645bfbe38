"""Kafka and the schema registry: consumer, producer, topics, registry, and whether they can be reached.

It knows the contract and the runtime; nothing of cases, SQL or agencies.
"""
