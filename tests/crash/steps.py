"""What a process does, call by call: SQL statements, the broker client's calls and requests, the registry's.

Installed in a process of its own (tests/crash/fork_server.py), it counts each call under a name of its own and can
end the process with SIGKILL at any of them. A step is a call and a moment: `before` it, `after` it returned; `within`
the rows of an `executemany`; `sent`, when a request is on its way and nobody has heard the answer.
"""

from __future__ import annotations

import inspect
import os
import re
import signal
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from importlib.resources import files
from types import FrameType
from typing import Any, NamedTuple

import httpx
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.conn import AIOKafkaConnection

from casefeed.store import load_statements

SQL_PACKAGES = ("casefeed.read", "casefeed.publish", "casefeed.ledger")
CLIENTS = (AIOKafkaProducer, AIOKafkaConsumer, AIOKafkaAdminClient)
OUR_MODULES = re.compile(r"(?:casefeed|orr_desk|ice_caseload)\b")
# They pass a call on: which of their callers it was for says more.
PASS_THROUGH_MODULES = re.compile(r"casefeed[.](?:store|kafka|runtime|cli(?![.]agency))\b")
# A statement of no file: what kind it is of.
STATEMENT_KIND = re.compile(r"PRAGMA|SAVEPOINT|(?:[A-Z]+ )?[A-Z]+\b")

UNCOUNTED_METHODS = frozenset(("executescript", "cursor", "commit", "rollback", "blobopen"))


class Step(NamedTuple):
    """A place in a process where it may die: a call, named by whom it is for, and the moment of it."""

    call: str
    moment: str


class Target(NamedTuple):
    """The `nth` time (from 1) that a process comes to a step."""

    step: Step
    nth: int


class StepRecorder:
    """The steps of this process so far; it dies at its target, where it has one."""

    def __init__(self, target: Target | None) -> None:
        self.steps: list[Step] = []
        self._times: Counter[Step] = Counter()
        self._target = target

    def record(self, call: str, moment: str) -> None:
        """The process has come here."""
        step = Step(call, moment)
        self.steps.append(step)
        self._times[step] += 1
        if self._target == (step, self._times[step]):
            os.kill(os.getpid(), signal.SIGKILL)

    def install(self) -> None:
        """Have every call of this process counted from now on."""
        walk = self

        class Stepped(_Connection):
            RECORDER = walk

        connect = sqlite3.connect
        sqlite3.connect = lambda *given, **more: connect(*given, **{**more, "factory": Stepped})
        for client in CLIENTS:
            for name, method in inspect.getmembers(client, inspect.iscoroutinefunction):
                if not name.startswith("_"):
                    setattr(client, name, self._counted_call(f"{client.__name__}.{name}", method))
        AIOKafkaConnection.send = self._counted_request(AIOKafkaConnection.send)
        transport: Any = httpx.AsyncHTTPTransport
        transport.handle_async_request = self._counted_call(
            "registry", transport.handle_async_request, lambda request: f"{request.method} registry"
        )

    def _counted_call(
        self, name: str, method: Callable[..., Any], named: Callable[[Any], str] | None = None
    ) -> Callable[..., Any]:
        """An asynchronous method of a client, counted."""

        async def counted(client: Any, *given: Any, **more: Any) -> Any:
            call = caller_of(named(given[0]) if named else name)
            self.record(call, "before")
            answer = await method(client, *given, **more)
            self.record(call, "after")
            return answer

        return counted

    def _counted_request(self, send: Callable[..., Any]) -> Callable[..., Any]:
        """What puts one request on a connection to a broker, counted."""

        def counted(connection: Any, request: Any, expect_response: bool = True) -> Any:
            call = caller_of(type(request).__name__)
            self.record(call, "before")
            answer = send(connection, request, expect_response)
            self.record(call, "sent")

            async def heard() -> Any:
                said = await answer
                self.record(call, "after")
                return said

            return heard()

        return counted


class _Connection(sqlite3.Connection):
    """A connection whose statements are counted; the ways that would not be are closed."""

    RECORDER: StepRecorder

    def execute(self, sql: str, *given: Any) -> sqlite3.Cursor:
        call = caller_of(statement_name(sql))
        self.RECORDER.record(call, "before")
        done = super().execute(sql, *given)
        self.RECORDER.record(call, "after")
        return done

    def executemany(self, sql: str, rows: Iterable[Any]) -> sqlite3.Cursor:
        call = caller_of(statement_name(sql))

        def counted() -> Iterator[Any]:
            for row in rows:
                yield row
                self.RECORDER.record(call, "within")

        self.RECORDER.record(call, "before")
        done = super().executemany(sql, counted())
        self.RECORDER.record(call, "after")
        return done

    def close(self) -> None:
        call = caller_of("close")
        self.RECORDER.record(call, "before")
        super().close()
        self.RECORDER.record(call, "after")

    def __getattribute__(self, name: str) -> Any:
        if name in UNCOUNTED_METHODS:
            raise AssertionError(f"{name}: a way to the store that nobody counts; let tests/crash/steps.py do it")
        return super().__getattribute__(name)


_NAMES = {
    re.sub(r"\s+", " ", text).replace(":many", "?"): name
    for room in SQL_PACKAGES
    for file in files(room).iterdir()
    if file.name.endswith(".sql")
    for name, text in load_statements(room, file.name).items()
}


def statement_name(sql: str) -> str:
    """The name that a statement has in its file, or its first words."""
    plain = re.sub(r"\s+", " ", sql)
    known = _NAMES.get(re.sub(r"\?(?:,\?)+", "?", plain)) or _NAMES.get(plain)
    return known or STATEMENT_KIND.findall(re.sub(r"^\s*--.*$", "", sql, flags=re.MULTILINE))[0]


def caller_of(name: str) -> str:
    """`name`, and for which of our functions it is done now; the client's own where it is for none."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and (module := frame.f_globals["__name__"]) != "asyncio.events":
        if OUR_MODULES.match(module) and not PASS_THROUGH_MODULES.match(module):
            return f"{frame.f_code.co_qualname}: {name}"
        frame = frame.f_back
    return f"the client: {name}"
