"""Apicurio Registry in one JVM, its schemas in an H2 file; FULL_TRANSITIVE from its first second."""

import json
import urllib.error
import urllib.request
from pathlib import Path

from casefeed_stack.java import Java
from casefeed_stack.jvm import Jvm

COMPATIBILITY = "FULL_TRANSITIVE"


class ApicurioRegistry(Jvm):
    """The registry whose data lies in `folder`."""

    def __init__(
        self, folder: Path, log: Path, java: Java, program: Path, cache: Path, ports: tuple[int, int]
    ) -> None:
        """`program`: the folder of its jars; `ports`: for clients, for its health page."""
        self._jar = program / "quarkus-run.jar"
        super().__init__("registry", java, [self._jar], cache, folder, log)
        self._port, self._health_port = ports

    @property
    def url(self) -> str:
        """Base address of the Confluent-compatible interface."""
        return f"http://127.0.0.1:{self._port}/apis/ccompat/v7"

    def start(self) -> None:
        """Start it; `fetch_compatibility` tells when it is ready."""
        self._folder.mkdir(parents=True, exist_ok=True)
        # Without WRITE_DELAY=0 H2 loses registrations that it has acknowledged when the JVM is killed, and
        # gives their ids out again to other schemas.
        database = f"jdbc:h2:file:{self._folder / 'registry'};AUTO_SERVER=FALSE;WRITE_DELAY=0"
        settings = {
            "quarkus.http.host": "127.0.0.1",
            "quarkus.http.port": self._port,
            "quarkus.management.host": "127.0.0.1",
            "quarkus.management.port": self._health_port,
            "apicurio.rules.global.compatibility": COMPATIBILITY,
            "apicurio.datasource.url": database,
        }
        self.launch(*(f"-D{name}={value}" for name, value in settings.items()), "-jar", str(self._jar))


def fetch_compatibility(url: str, timeout_s: float = 2.0) -> str:
    """The compatibility level in force at the registry `url`.

    Raises OSError when it does not answer in time (urllib's errors are OSErrors), ValueError when the answer
    is no registry's.
    """
    # Never through a proxy: it is on this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{url}/config", timeout=timeout_s) as answer:
        level = json.load(answer).get("compatibilityLevel")
    if not isinstance(level, str):
        raise ValueError("that was no answer of a schema registry")
    return level
