"""What every test may ask for: one real Kafka and registry for the whole run, started at the first call."""

import logging
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from casefeed_stack import Stack
from tests.stack_services import StackServices

# What is started in the background of a shell ignores Ctrl-C, and so would every process that a test starts and ends.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A property holds or it does not; how long an example takes on a busy machine says nothing about it.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("house")


class _TaskErrorHandler(logging.Handler):
    """Hears asyncio when a task of ours is gone whose fault nobody saw, or that was still going.

    A client's own are its own: aiokafka leaves a commit to itself where the connection breaks under it.
    """

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep what asyncio itself says of code that is not installed."""
        told = record.getMessage()
        if record.module == "base_events" and "site-packages" not in told:
            self.messages.append(told)


@pytest.fixture(autouse=True)
def no_leaked_task() -> Iterator[None]:
    """A task that outlives who started it fails a test: the one in which it was found, which may be a later one."""
    handler = _TaskErrorHandler()
    logger = logging.getLogger("asyncio")
    logger.addHandler(handler)
    yield
    logger.removeHandler(handler)
    assert not handler.messages, "a task was left behind"


@pytest.fixture(scope="session")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The project's own stack, as plain processes."""
    folder: Path = tmp_path_factory.mktemp("stack")
    with Stack(folder / "data", log_dir=folder / "logs") as running:
        yield running


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest) -> Iterator[StackServices]:
    """A real Kafka node and registry; a test that stops or kills one of them must start it again.

    The project's own stack, or with TEST_KAFKA=docker the containers of docker-compose.yml.
    """
    match os.environ.get("TEST_KAFKA", "stack"):
        case "stack":
            own: Stack = request.getfixturevalue("own_stack")
            yield own
        case "docker":
            from tests.compose.containers import Containers

            with Containers() as running:
                yield running
        case other:
            pytest.fail(f"TEST_KAFKA is {other!r}; it may be 'stack' or 'docker'.", pytrace=False)


@pytest.fixture(scope="session")
def kafka(stack: StackServices) -> str:
    """The bootstrap address of the node."""
    return stack.bootstrap


@pytest.fixture(scope="session")
def registry_url(stack: StackServices) -> str:
    """The base address of the registry, Confluent's interface."""
    return stack.registry_url
