"""One Kafka node, broker and controller in one JVM, and the metadata call that tells whether it is ready."""

import base64
import socket
import struct
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path

from casefeed.wire.errors import Unavailable
from casefeed_stack.java import Java
from casefeed_stack.jvm import Jvm

# The session and heartbeat times let a node that was killed come back in 4 s: its own old registration must
# expire first, which takes 9 s by default. LogAppendTime: old facts replayed today must not look expired.
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=CLIENT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=CLIENT://127.0.0.1:{port}
listener.security.protocol.map=CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=CLIENT
controller.listener.names=CONTROLLER
log.dirs={records}
log.message.timestamp.type=LogAppendTime
auto.create.topics.enable=false
num.partitions=3
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=8388608
num.network.threads=2
num.io.threads=4
broker.heartbeat.interval.ms=300
broker.session.timeout.ms=1500
"""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a node says of its cluster."""

    cluster_id: str
    brokers: tuple[str, ...]
    controller: int


class Kafka(Jvm):
    """The node whose data lies in `folder`."""

    def __init__(
        self, folder: Path, log: Path, java: Java, jars: list[Path], cache: Path, ports: tuple[int, int]
    ) -> None:
        """`ports`: for clients, for the controller."""
        super().__init__("kafka", java, jars, cache, folder, log)
        self._class_path = ":".join(map(str, jars))
        self._port, self._controller_port = ports

    @property
    def bootstrap(self) -> str:
        """`host:port` for clients."""
        return f"127.0.0.1:{self._port}"

    def start(self) -> None:
        """Format the folder when it is new, and start the node; `metadata` tells when it is ready."""
        self._folder.mkdir(parents=True, exist_ok=True)
        records = self._folder / "records"
        settings = self._folder / "server.properties"
        settings.write_text(
            PROPERTIES.format(port=self._port, controller_port=self._controller_port, records=records),
            "utf-8",
        )
        if not (records / "meta.properties").exists():
            self._format(settings)
        log4j = Path(__file__).parent / "log4j2.properties"
        self.launch(
            f"-Dlog4j2.configurationFile={log4j}", "-cp", self._class_path, "kafka.Kafka", str(settings)
        )

    def _format(self, settings: Path) -> None:
        # Random, so that a reader can tell a wiped cluster from the one it read; a leading "-" would be
        # taken for an option.
        cluster_id = "c" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")[1:]
        tool = ("kafka.tools.StorageTool", "format", "-t", cluster_id, "-c", str(settings))
        try:
            done = self.run("-cp", self._class_path, *tool)
        except subprocess.TimeoutExpired as error:
            raise Unavailable(
                f"Kafka did not format its data folder {self._folder} within {error.timeout:.0f} s: "
                "is this machine very busy?"
            ) from error
        if done.returncode != 0:
            said = "\n".join((done.stdout + done.stderr).splitlines()[-20:])
            raise Unavailable(f"Kafka could not format its data folder {self._folder}. It said:\n{said}")


def metadata(host: str, port: int, timeout_s: float = 2.0) -> Metadata:
    """Ask the node at `host:port` for the metadata of its cluster (Metadata request, version 4, no topics).

    Raises OSError when nobody answers in time; ValueError when the answer is no such answer.
    """
    client = b"casefeed-stack"
    request = struct.pack(f">hhih{len(client)}sib", 3, 4, 1, len(client), client, 0, 0)
    with socket.create_connection((host, port), timeout_s) as connection:
        connection.sendall(struct.pack(">i", len(request)) + request)
        with connection.makefile("rb") as stream:
            (length,) = struct.unpack(">i", _exactly(stream.read(4), 4))
            answer = _exactly(stream.read(length), length)
    return _decode(answer)


def _exactly(data: bytes, length: int) -> bytes:
    if len(data) != length:
        raise ConnectionError("the connection closed in the middle of an answer")
    return data


def _decode(answer: bytes) -> Metadata:
    at = 0

    def take(shape: str) -> int:
        nonlocal at
        (value,) = struct.unpack_from(f">{shape}", answer, at)
        at += struct.calcsize(f">{shape}")
        return int(value)

    def text() -> str:
        nonlocal at
        length = max(take("h"), 0)
        at += length
        return answer[at - length : at].decode()

    try:
        take("i"), take("i")  # correlation id, throttle time
        brokers = []
        for _ in range(take("i")):
            take("i")
            brokers.append(f"{text()}:{take('i')}")
            text()  # rack
        return Metadata(text(), tuple(brokers), take("i"))
    except struct.error as error:
        raise ValueError("that was no metadata answer of a Kafka node") from error
