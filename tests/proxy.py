"""A TCP proxy between client and broker that delays, cuts, or goes silent without a word: what networks do."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal, Self, TypeVar

from casefeed_stack.ports import ReservedPorts

CHUNK_BYTES = 16 * 1024

Toward = Literal["broker", "client"]
_ResultT = TypeVar("_ResultT")


@dataclass(eq=False)
class _Link:
    """A client's connection and ours to the broker; `dead`: nothing goes through it any more, and neither is told."""

    client: asyncio.StreamWriter
    broker: asyncio.StreamWriter | None = None
    dead: bool = False


class Proxy:
    """Listens at `port` and connects to `target`, a port on 127.0.0.1, in a thread of its own.

    `latency_s` is added each way. `connections` counts what was taken so far.
    """

    def __init__(self) -> None:
        self.target = 0
        self.latency_s = 0.0
        self.connections = 0
        self._ports = ReservedPorts(1)
        self.port = self._ports.numbers[0]
        self._silent = False
        self._fuse: tuple[Toward, int] | None = None
        self._links: set[_Link] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = self._run(asyncio.start_server(self._serve, "127.0.0.1", self.port))
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._ports.release()

    @property
    def address(self) -> str:
        """`host:port` for clients."""
        return f"127.0.0.1:{self.port}"

    def cut(self) -> None:
        """Break every connection; new ones go through."""
        self._call(self._cut)

    def cut_after(self, count_bytes: int, toward: Toward) -> None:
        """Break every connection as soon as so many bytes more went that way: in the middle of an answer."""
        self._call(lambda: setattr(self, "_fuse", (toward, count_bytes)))

    @property
    def is_cut(self) -> bool:
        """Whether what `cut_after` was told has come about."""
        return self._fuse is None

    def silence(self) -> None:
        """From now on nothing goes through, no connection is closed, and new ones are taken and never answered."""
        self._call(self._stop_delivering)

    def heal(self) -> None:
        """New connections go through again; those that were open in the silence stay dead."""
        self._silent = False

    def _cut(self) -> None:
        for link in list(self._links):
            self._drop(link)

    def _drop(self, link: _Link) -> None:
        self._links.discard(link)
        for writer in (link.client, link.broker):
            if writer is not None:
                writer.transport.abort()

    def _stop_delivering(self) -> None:
        self._silent = True
        for link in self._links:
            link.dead = True

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        link = _Link(writer, dead=self._silent)
        self._links.add(link)
        if link.dead:
            return
        try:
            answers, link.broker = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:  # the broker is away
            self._drop(link)
            return
        await asyncio.gather(
            self._pump(link, reader, link.broker, "broker"), self._pump(link, answers, writer, "client")
        )

    async def _pump(
        self, link: _Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, toward: Toward
    ) -> None:
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        delivering = asyncio.create_task(self._deliver(link, queue, writer, toward))
        with suppress(ConnectionError):
            while chunk := await reader.read(CHUNK_BYTES):
                queue.put_nowait((self._loop.time() + self.latency_s, chunk))
        queue.put_nowait((self._loop.time() + self.latency_s, b""))
        await delivering

    async def _deliver(
        self, link: _Link, queue: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter, toward: Toward
    ) -> None:
        while True:
            due, chunk = await queue.get()
            await asyncio.sleep(max(0.0, due - self._loop.time()))
            if not chunk:
                if not link.dead:
                    self._drop(link)
                return
            if not link.dead:
                writer.write(self._until_cut(chunk, toward))
                with suppress(ConnectionError):
                    await writer.drain()
                if self._fuse is not None and self._fuse[1] <= 0:
                    self._fuse = None
                    self._cut()

    def _until_cut(self, chunk: bytes, toward: Toward) -> bytes:
        if self._fuse is None or self._fuse[0] != toward:
            return chunk
        left = self._fuse[1]
        self._fuse = toward, left - len(chunk)
        return chunk[:left]

    async def _end(self) -> None:
        self._server.close()
        self._cut()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _call(self, act: Callable[[], None]) -> None:
        async def acting() -> None:
            act()

        self._run(acting())

    def _run(self, work: Coroutine[Any, Any, _ResultT]) -> _ResultT:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)
