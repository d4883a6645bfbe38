"""An agency's desk, reached as anybody reaches it: its own `record --lines`, through pipes."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from casefeed.runtime.errors import CasefeedError, CheckFailed, Unavailable
from casefeed.runtime.text import plural
from synthetic_world.desk_entries import DeskEntry

# Lines sent and not answered: enough to keep a desk busy that commits many at once.
MAX_UNANSWERED = 256
EXIT_TIMEOUT_S = 20.0
PrintLine = Callable[[str], None]
OnFault = Callable[[], None]


class DeskRefused(CheckFailed):
    """A desk answered that it does not take an event."""


class DeskFailed(Unavailable):
    """A desk could not be started, ended, or answers what nobody understands."""


@dataclass(slots=True)
class AnswerCounts:
    """What desks have answered so far: events they recorded now, and events they had stored already."""

    recorded: int = 0
    duplicates: int = 0

    @property
    def events(self) -> int:
        """All that were answered."""
        return self.recorded + self.duplicates


class DeskProcess:
    """A running desk. What goes wrong is kept as `fault` and `on_fault` is called; nothing is sent after that."""

    def __init__(
        self,
        name: str,
        process: asyncio.subprocess.Process,
        answers: AnswerCounts,
        on_fault: OnFault,
        print_line: PrintLine,
    ) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self.fault: CasefeedError | None = None
        self.has_answered = False  # whether it has answered anything yet
        self._name = name
        self._process = process
        self._stdin = process.stdin
        self._answers = answers
        self._on_fault = on_fault
        self._unanswered: deque[DeskEntry] = deque()
        self._progressed = asyncio.Event()
        self._closing = False
        self._readers = (
            asyncio.create_task(self._read_answers(process.stdout)),
            asyncio.create_task(self._forward_stderr(process.stderr, print_line)),
        )
        for reader in self._readers:
            reader.add_done_callback(self._reader_done)

    @classmethod
    async def open(
        cls, name: str, command: Sequence[str], answers: AnswerCounts, on_fault: OnFault, print_line: PrintLine
    ) -> DeskProcess:
        """Start the command of `name`'s desk; `print_line` gets its standard error. Raises DeskFailed."""
        pipe = asyncio.subprocess.PIPE
        try:
            # In a session of its own: a Ctrl-C is for us, who then let the desk answer what it was given.
            process = await asyncio.create_subprocess_exec(
                *command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True
            )
        except OSError as error:
            raise DeskFailed(f"The desk of {name} cannot be started ({error.strerror}).") from None
        return cls(name, process, answers, on_fault, print_line)

    async def send(self, entry: DeskEntry) -> None:
        """Hand the desk an event, once it has answered enough of those before; nothing is given after a fault."""
        while len(self._unanswered) >= MAX_UNANSWERED and self.fault is None:
            self._progressed.clear()
            await self._progressed.wait()
        if self.fault is None:
            self._unanswered.append(entry)
            with suppress(ConnectionError):  # the end of its answers tells of its end
                self._stdin.write(entry.line)
                await self._stdin.drain()

    async def close(self) -> None:
        """Let the desk answer what it was given and end; one that does not end in time is killed, a fault."""
        self._closing = True
        self._stdin.close()
        _, unfinished = await asyncio.wait(self._readers, timeout=EXIT_TIMEOUT_S)
        if unfinished:
            self._fail(
                DeskFailed(
                    f"The desk of {self._name} did not end within {EXIT_TIMEOUT_S:.0f} s and was killed, with "
                    f"{plural(len(self._unanswered), 'event')} unanswered; "
                    "the same command again goes on where it was."
                )
            )
            with suppress(ProcessLookupError):
                self._process.kill()
            await asyncio.wait(unfinished)

    async def _read_answers(self, answers: asyncio.StreamReader) -> None:
        """Take the answers one by one, until there are no more."""
        async for line in self._lines(answers):
            if self.fault is None:
                self._handle_answer(line)
        code = await self._process.wait()
        if self._unanswered or code or not self._closing:
            self._fail(
                DeskFailed(
                    f"The desk of {self._name} ended (exit code {code}) with "
                    f"{plural(len(self._unanswered), 'event')} unanswered; "
                    "the same command again goes on where it was."
                )
            )

    def _handle_answer(self, line: bytes) -> None:
        self.has_answered = True
        entry = self._unanswered.popleft() if self._unanswered else None
        match _parse(line):
            case {"error": str(sentence)} if entry is not None:
                self._fail(
                    DeskRefused(
                        f"The desk of {self._name} refused a {entry.type_name} ({entry.event_id}): {sentence}"
                    )
                )
            case {"event_id": event_id, "held": bool(duplicate)} if entry and event_id == entry.event_id:
                self._answers.duplicates += duplicate
                self._answers.recorded += not duplicate
            case _:
                self._fail(DeskFailed(f"The desk of {self._name} gave an answer to nothing that it was asked."))
        self._progressed.set()

    def _fail(self, fault: CasefeedError) -> None:
        self.fault = self.fault or fault
        self._progressed.set()
        self._on_fault()

    async def _lines(self, stream: asyncio.StreamReader) -> AsyncIterator[bytes]:
        """What the desk says, line by line; one that says a line without an end is killed, a fault."""
        try:
            async for line in stream:
                yield line
        except ValueError as error:
            self._fail_unreadable(error)
            with suppress(ProcessLookupError):
                self._process.kill()
            while await stream.read(1 << 16):
                pass

    def _reader_done(self, reader: asyncio.Task[None]) -> None:
        """A reader that ended with an error reads nothing more, so nothing more is sent."""
        if not reader.cancelled() and (error := reader.exception()) is not None:
            self._fail_unreadable(error)

    def _fail_unreadable(self, error: BaseException) -> None:
        self._fail(
            DeskFailed(
                f"The desk of {self._name} said what cannot be read ({type(error).__name__}), with "
                f"{plural(len(self._unanswered), 'event')} unanswered; the same command again goes on where it was."
            )
        )

    async def _forward_stderr(self, stderr: asyncio.StreamReader, print_line: PrintLine) -> None:
        """Pass on what the desk writes to standard error."""
        async for line in self._lines(stderr):
            print_line(f"{self._name}: {line.decode(errors='replace').rstrip()}")


def _parse(line: bytes) -> object:
    try:
        return json.loads(line)
    except ValueError:
        return None
