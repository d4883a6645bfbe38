"""A Kafka node, broker and controller in one JVM, and the metadata call that tells whether it is ready."""

import socket
import struct
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from casefeed.runtime.errors import Unavailable
from casefeed_stack.java import Java
from casefeed_stack.jvm import Jvm

# The session and heartbeat times let a node that was killed come back in 4 s: its own old registration must
# expire first, which takes 9 s by default. They are longer where a late heartbeat costs a change of leader.
# LogAppendTime: old facts replayed today must not look expired. A topic that says nothing else is on every node,
# and a record is acknowledged once all but one have it: any node may be lost.
PROPERTIES = """\
process.roles=broker,controller
node.id={number}
controller.quorum.voters={voters}
listeners={listeners},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners={advertised}
listener.security.protocol.map=CLIENT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=CLIENT
controller.listener.names=CONTROLLER
log.dirs={records}
log.message.timestamp.type=LogAppendTime
auto.create.topics.enable=false
num.partitions=3
default.replication.factor={nodes}
min.insync.replicas={in_sync}
offsets.topic.replication.factor={nodes}
offsets.topic.num.partitions=4
transaction.state.log.replication.factor={nodes}
transaction.state.log.min.isr={in_sync}
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor={nodes}
share.coordinator.state.topic.min.isr={in_sync}
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=8388608
num.network.threads=2
num.io.threads=4
replica.lag.time.max.ms=5000
broker.heartbeat.interval.ms={heartbeat_ms}
broker.session.timeout.ms={session_ms}
"""


@dataclass(frozen=True, slots=True)
class ClusterMetadata:
    """What a node says of its cluster."""

    cluster_id: str
    brokers: tuple[str, ...]
    controller: int

    def serves(self, address: str) -> bool:
        """Whether the node at `address` is one of those that serve clients."""
        return address in self.brokers and self.controller >= 0


@dataclass(frozen=True, slots=True)
class NodePorts:
    """The ports of a node on 127.0.0.1.

    `proxied`, where a proxy stands before the node: the port at which the node takes the proxy's connections, and
    the proxy's own, which the node gives to whoever comes that way.
    """

    client: int
    controller: int
    proxied: tuple[int, int] | None = None


class KafkaNode(Jvm):
    """Node `number` of a cluster, whose data lies in `folder`."""

    def __init__(
        self,
        number: int,
        node_ports: Mapping[int, NodePorts],
        cluster_id: str,
        folder: Path,
        log: Path,
        java: Java,
        jars: list[Path],
        cache: Path,
    ) -> None:
        """`node_ports`: of every node of the cluster, by number; `cluster_id`: for a folder that is new or wiped."""
        # One is enough, and whoever makes the archive takes long to stop.
        super().__init__("kafka", java, jars, cache, folder, log, creates_archive=number == 1)
        self.number = number
        self.ports = node_ports[number]
        self._node_ports = node_ports
        self._cluster_id = cluster_id
        self._class_path = ":".join(map(str, jars))

    @property
    def name(self) -> str:
        """What people call it."""
        return "Kafka" if len(self._node_ports) == 1 else f"Kafka's node {self.number}"

    @property
    def bootstrap(self) -> str:
        """`host:port` for clients."""
        return f"127.0.0.1:{self.ports.client}"

    def start(self) -> None:
        """Format the folder when it is new, and start the node; `fetch_metadata` tells when it is ready."""
        self._folder.mkdir(parents=True, exist_ok=True)
        settings = self._folder / "server.properties"
        settings.write_text(self._properties(), "utf-8")
        if not (self._folder / "records" / "meta.properties").exists():
            self._format(settings)
        log4j = Path(__file__).parent / "log4j2.properties"
        self.launch(f"-Dlog4j2.configurationFile={log4j}", "-cp", self._class_path, "kafka.Kafka", str(settings))

    def _properties(self) -> str:
        own, nodes = self.ports, len(self._node_ports)
        listeners = advertised = f"CLIENT://127.0.0.1:{own.client}"
        if own.proxied is not None:
            behind, proxy = own.proxied
            listeners += f",PROXIED://127.0.0.1:{behind}"
            advertised += f",PROXIED://127.0.0.1:{proxy}"
        return PROPERTIES.format(
            number=self.number,
            voters=",".join(f"{number}@127.0.0.1:{each.controller}" for number, each in self._node_ports.items()),
            listeners=listeners,
            advertised=advertised,
            controller_port=own.controller,
            records=self._folder / "records",
            nodes=nodes,
            in_sync=max(1, nodes - 1),
            heartbeat_ms=300 if nodes == 1 else 500,
            session_ms=1500 if nodes == 1 else 3000,
        )

    def _format(self, settings: Path) -> None:
        tool = ("kafka.tools.StorageTool", "format", "-t", self._cluster_id, "-c", str(settings))
        try:
            done = self.run("-cp", self._class_path, *tool)
        except subprocess.TimeoutExpired as error:
            raise Unavailable(
                f"{self.name} did not format its data folder {self._folder} within {error.timeout:.0f} s: "
                "is this machine very busy?"
            ) from error
        if done.returncode != 0:
            said = "\n".join((done.stdout + done.stderr).splitlines()[-20:])
            raise Unavailable(f"{self.name} could not format its data folder {self._folder}. It said:\n{said}")


def fetch_metadata(host: str, port: int, timeout_s: float = 2.0) -> ClusterMetadata:
    """Ask the node at `host:port` for the metadata of its cluster (Metadata request, version 4, no topics).

    Raises OSError when nobody answers in time; ValueError when the answer is no such answer.
    """
    client = b"casefeed-stack"
    request = struct.pack(f">hhih{len(client)}sib", 3, 4, 1, len(client), client, 0, 0)
    with socket.create_connection((host, port), timeout_s) as connection:
        connection.sendall(struct.pack(">i", len(request)) + request)
        with connection.makefile("rb") as stream:
            (length,) = struct.unpack(">i", _require_length(stream.read(4), 4))
            answer = _require_length(stream.read(length), length)
    return _decode(answer)


def _require_length(data: bytes, length: int) -> bytes:
    if len(data) != length:
        raise ConnectionError("the connection closed in the middle of an answer")
    return data


def _decode(answer: bytes) -> ClusterMetadata:
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
        return ClusterMetadata(text(), tuple(brokers), take("i"))
    except struct.error as error:
        raise ValueError("that was no metadata answer of a Kafka node") from error
