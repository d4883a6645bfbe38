"""One process: settings, logs, clock, signals, health, metrics, HTTP for probes, and the errors a command ends with.

It knows the contract's privacy tags, for its logs; nothing of Kafka, SQL, agencies or the terminal.
"""
