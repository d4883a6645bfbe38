"""Where bytes meet machines: Kafka clients, the registry, settings, logs and the errors a command may end with.

It knows the contract and nothing of agencies, SQL or pages.
"""
