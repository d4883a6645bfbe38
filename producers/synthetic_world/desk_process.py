"""An agency's desk, reached as anybody reaches it: its own `record --lines`, through pipes."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from casefeed.wire.errors import AnswerIsNo, Sentence, Unavailable
from casefeed.wire.words import plural
from synthetic_world.desk_entries import Entry

# Lines given and not answered: enough to keep a desk busy that commits many at once.
MOST_UNANSWERED = 256
ENDS_WITHIN_S = 20.0
Say = Callable[[str], None]
Alarm = Callable[[], None]


class DeskRefused(AnswerIsNo):
    """A desk answered that it does not take an event."""


class DeskGone(Unavailable):
    """A desk could not be started, ended, or answers what nobody understands."""


@dataclass(slots=True)
class Answered:
    """What desks have answered so far: events they recorded now, and events they held already."""

    recorded: int = 0
    held: int = 0

    @property
    def events(self) -> int:
        """All that were answered."""
        return self.recorded + self.held


class Desk:
    """A running desk. What goes wrong is kept as `fault` and `alarm` is called; nothing is given to it after that."""

    def __init__(
        self, name: str, process: asyncio.subprocess.Process, answered: Answered, alarm: Alarm, say: Say
    ) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self.fault: Sentence | None = None
        self.awake = False  # whether it has answered anything yet
        self._name = name
        self._process = process
        self._stdin = process.stdin
        self._answered = answered
        self._alarm = alarm
        self._waiting: deque[Entry] = deque()
        self._moved = asyncio.Event()
        self._closing = False
        self._ears = (
            asyncio.create_task(self._hear(process.stdout)),
            asyncio.create_task(self._overhear(process.stderr, say)),
        )
        for ear in self._ears:
            ear.add_done_callback(self._listened)

    @classmethod
    async def open(
        cls, name: str, command: Sequence[str], answered: Answered, alarm: Alarm, say: Say
    ) -> Desk:
        """Start the command of `name`'s desk; `say` hears what it tells people. Raises DeskGone."""
        pipe = asyncio.subprocess.PIPE
        try:
            # In a session of its own: a Ctrl-C is for us, who then let the desk answer what it was given.
            process = await asyncio.create_subprocess_exec(
                *command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True
            )
        except OSError as error:
            raise DeskGone(f"The desk of {name} cannot be started ({error.strerror}).") from None
        return cls(name, process, answered, alarm, say)

    async def give(self, entry: Entry) -> None:
        """Hand the desk an event, once it has answered enough of those before; nothing is given after a fault."""
        while len(self._waiting) >= MOST_UNANSWERED and self.fault is None:
            self._moved.clear()
            await self._moved.wait()
        if self.fault is None:
            self._waiting.append(entry)
            with suppress(ConnectionError):  # the end of its answers tells of its end
                self._stdin.write(entry.line)
                await self._stdin.drain()

    async def close(self) -> None:
        """Let the desk answer what it was given and end; one that does not end in time is killed, a fault."""
        self._closing = True
        self._stdin.close()
        _, deaf = await asyncio.wait(self._ears, timeout=ENDS_WITHIN_S)
        if deaf:
            self._fail(
                DeskGone(
                    f"The desk of {self._name} did not end within {ENDS_WITHIN_S:.0f} s and was killed, with "
                    f"{plural(len(self._waiting), 'event')} unanswered; the same command again goes on where it was."
                )
            )
            with suppress(ProcessLookupError):
                self._process.kill()
            await asyncio.wait(deaf)

    async def _hear(self, answers: asyncio.StreamReader) -> None:
        """Take the answers one by one, until there are no more."""
        async for line in self._lines(answers):
            if self.fault is None:
                self._take(line)
        code = await self._process.wait()
        if self._waiting or code or not self._closing:
            self._fail(
                DeskGone(
                    f"The desk of {self._name} ended (exit code {code}) with {plural(len(self._waiting), 'event')} "
                    "unanswered; the same command again goes on where it was."
                )
            )

    def _take(self, line: bytes) -> None:
        self.awake = True
        entry = self._waiting.popleft() if self._waiting else None
        match _read(line):
            case {"error": str(sentence)} if entry is not None:
                self._fail(
                    DeskRefused(
                        f"The desk of {self._name} refused a {entry.type_name} ({entry.event_id}): {sentence}"
                    )
                )
            case {"event_id": event_id, "held": bool(held)} if entry and event_id == entry.event_id:
                self._answered.held += held
                self._answered.recorded += not held
            case _:
                self._fail(DeskGone(f"The desk of {self._name} gave an answer to nothing that it was asked."))
        self._moved.set()

    def _fail(self, fault: Sentence) -> None:
        self.fault = self.fault or fault
        self._moved.set()
        self._alarm()

    async def _lines(self, stream: asyncio.StreamReader) -> AsyncIterator[bytes]:
        """What the desk says, line by line; one that says a line without an end is killed, a fault."""
        try:
            async for line in stream:
                yield line
        except ValueError as error:
            self._unheard(error)
            with suppress(ProcessLookupError):
                self._process.kill()
            while await stream.read(1 << 16):
                pass

    def _listened(self, ear: asyncio.Task[None]) -> None:
        """An ear that ended with an error hears nothing more, so nothing more is given."""
        if not ear.cancelled() and (error := ear.exception()) is not None:
            self._unheard(error)

    def _unheard(self, error: BaseException) -> None:
        self._fail(
            DeskGone(
                f"The desk of {self._name} said what cannot be read ({type(error).__name__}), with "
                f"{plural(len(self._waiting), 'event')} unanswered; the same command again goes on where it was."
            )
        )

    async def _overhear(self, spoken: asyncio.StreamReader, say: Say) -> None:
        """Pass on what the desk tells people."""
        async for line in self._lines(spoken):
            say(f"{self._name}: {line.decode(errors='replace').rstrip()}")


def _read(line: bytes) -> object:
    try:
        return json.loads(line)
    except ValueError:
        return None
