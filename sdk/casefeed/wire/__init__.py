"""Where bytes meet machines: Kafka clients, the registry, settings, logs and the errors a command ends with.

It knows the contract and nothing of agencies, SQL or pages.
"""
