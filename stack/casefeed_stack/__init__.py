"""A real Kafka and a real schema registry on this machine without docker. It knows nothing of events or agencies."""
