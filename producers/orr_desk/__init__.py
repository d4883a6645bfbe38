"""The simulated HHS producer: it records ORR's facts and publishes them on ORR's own topic."""
