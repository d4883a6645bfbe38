"""One pinned file from Maven Central, through jgo (pure Python: neither Maven nor Java is needed for it)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from casefeed.runtime.errors import Unavailable
from casefeed_stack.pins import Pin

BytesCallback = Callable[[int], None]
"""Called with the number of bytes that have just arrived; from several threads."""

Download = Callable[[Pin, Path, BytesCallback], Path]
"""Brings a pinned file into a folder of the fetch's own and returns its path; OSError or Unavailable."""

REQUEST_TIMEOUT_S = 30


def download_with_jgo(pin: Pin, folder: Path, on_bytes: BytesCallback) -> Path:
    """Download `pin` into `folder`, telling `on_bytes` of each piece; nothing is checked here."""
    # Imported only when something is to be fetched: it costs every other command 0.2 s.
    try:
        from jgo.maven import MavenContext, PythonResolver
    except ImportError as error:
        raise Unavailable(
            "What fetches Kafka is not installed: pip install 'casefeed[stack]', "
            "or use docker instead: docker compose up."
        ) from error

    @contextmanager
    def report(_name: str, _size: int) -> Iterator[BytesCallback]:
        yield on_bytes

    group, artifact, version = pin.coordinates
    rest = pin.path.name.removeprefix(f"{artifact}-{version}").lstrip("-")
    classifier, _, packaging = rest.partition(".")
    # An empty repository of our own: jgo would take what ~/.m2 holds without looking at it.
    maven = MavenContext(PythonResolver(progress_callback=report), repo_cache=folder, timeout=REQUEST_TIMEOUT_S)
    component = maven.project(group, artifact).at_version(version)
    try:
        return component.artifact(classifier=classifier, packaging=packaging).resolve()
    except RuntimeError as error:
        raise Unavailable(
            f"Maven Central did not give {pin.path.name}: try again later, or use docker instead: docker compose up."
        ) from error
