"""`casefeed stack up|down|status|run|kill|start`: a real Kafka and registry on this machine without docker."""

import json
import os
import select
import sys
from dataclasses import asdict
from signal import Signals

import click
from rich.console import Console
from rich.table import Table

from casefeed.runtime.errors import AnswerIsNo
from casefeed.runtime.settings import load
from casefeed.runtime.text import plural
from casefeed_stack import detached
from casefeed_stack import nodes as single
from casefeed_stack.cluster import NODES, layout
from casefeed_stack.fetch import cache_dir
from casefeed_stack.health import NOTHING, Health, NodeState, ask
from casefeed_stack.home import Home, Running
from casefeed_stack.supervisor import supervise


@click.group()
def stack() -> None:
    """A real Kafka and schema registry on this machine, without docker."""


_nodes = click.option(
    "--nodes",
    type=click.Choice(list(map(str, NODES))),
    callback=lambda _context, _option, value: value and int(value),
    help="How many nodes of Kafka: one, or three of which any may be lost. Settled at the first start under a "
    "CASEFEED_HOME (default: as it is there, else one).",
)
_numbers = click.argument("numbers", metavar="NODE...", type=int, nargs=-1, required=True)


@stack.command()
@_nodes
def up(nodes: int | None) -> None:
    """Start them and leave them running; at the first time they are fetched (0.2 GB).

    Their data lies under CASEFEED_HOME and outlives `down`. Every casefeed command finds them by itself.
    """
    home = Home(load().home)
    running, before = detached.up(home, cache_dir(), nodes, lambda line: click.echo(line, err=True))
    click.echo("The stack is already up." if before else "The stack is up.")
    _show(running, _as_started(running))


@stack.command()
@_nodes
def run(nodes: int | None) -> None:
    """Start them and stay: they end with this process, when its input closes or it is told to stop.

    One JSON line on standard output says that they are ready, or why not.
    """
    home = Home(load().home)
    home.make()
    layout(home.data, nodes)
    report = os.dup(sys.stdout.fileno())
    with home.supervisor_log.open("a") as log:
        os.dup2(log.fileno(), sys.stdout.fileno())
    sys.exit(supervise(home, cache_dir(), nodes, report, _input_closed))


def _input_closed() -> bool:
    ready, _, _ = select.select([sys.stdin], [], [], 0)
    return bool(ready) and not os.read(sys.stdin.fileno(), 4096)


@stack.command()
def down() -> None:
    """Stop them; their data and logs stay."""
    home = Home(load().home)
    if detached.down(home):
        click.echo(f"The stack is down; its data stays in {home.data}.")
    else:
        click.echo(f"No stack is up under {home.folder.parent}.")


@stack.command()
@_numbers
@click.option(
    "--signal",
    "name",
    type=click.Choice(["KILL", "TERM", "STOP", "CONT"]),
    default="KILL",
    show_default=True,
    help="KILL: as if its machine lost power; TERM: in order; STOP and CONT: it freezes and goes on.",
)
def kill(numbers: tuple[int, ...], name: str) -> None:
    """Kill nodes of a stack of three, as a machine that fails does; the others go on."""
    if sent := single.kill(Home(load().home), numbers, Signals[f"SIG{name}"]):
        click.echo(f"SIG{name} sent to {plural(sent, 'node')}; casefeed stack status shows each.")
    else:
        click.echo("Down already; casefeed stack start starts it.")


@stack.command()
@_numbers
def start(numbers: tuple[int, ...]) -> None:
    """Start nodes of a stack of three again, on their addresses and data, and wait until they answer.

    A node whose folder was removed while it was down begins empty and gets all from the others.
    """
    nodes = plural(len(set(numbers)), "node")
    if single.start(Home(load().home), numbers):
        click.echo(f"Up: {nodes}.")
    else:
        click.echo(f"Started: {nodes}. They answer when there is a majority: start another.")


@stack.command()
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def status(form: str) -> None:
    """Ask each part whether it answers; exit code 1 when the stack is not up and well."""
    home = Home(load().home)
    running = home.running()
    health = ask(running) if running else NOTHING
    if form == "json":
        found = asdict(running) if running else {"log_dir": str(home.logs)}
        click.echo(json.dumps({**found, "up": health.well, **asdict(health)}, indent=2))
    if running is None:
        starting = home.supervisor() is not None
        raise AnswerIsNo(
            f"The stack under {home.folder.parent} is starting or stopping."
            if starting
            else f"No stack is up under {home.folder.parent}: casefeed stack up starts one. Logs: {home.logs}"
        )
    if form == "table":
        _show(running, health.nodes)
    if not health.well:
        raise AnswerIsNo(_what_is_wrong(health, running))


def _what_is_wrong(health: Health, running: Running) -> str:
    if health.cluster_id is None:
        return f"Kafka does not answer; see {running.log_dir}."
    ill = [f"node {each['number']} is {each['state']}" for each in health.nodes if each["state"] != "up"]
    if ill:
        down = any(each["state"] == "down" for each in health.nodes)
        what_to_do = " casefeed stack start NODE starts one that is down." if down else ""
        return f"Of Kafka {', '.join(ill)}.{what_to_do} Logs are in {running.log_dir}."
    return f"The registry does not answer; see {running.log_dir}."


def _as_started(running: Running) -> list[NodeState]:
    return [NodeState(**each, state="up" if each["pid"] else "down") for each in running.nodes]


def _show(running: Running, nodes: list[NodeState]) -> None:
    # Neither cut nor broken at 80 columns: addresses and folders are there to be copied.
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1, 0, 0))
    for whole in (True, True, False, True):
        table.add_column(no_wrap=whole)
    for each in nodes:
        name = f"Kafka {running.kafka_version}" + (f", node {each['number']}" if len(nodes) > 1 else "")
        doing = each["ended"] if each["pid"] is None else f"pid {each['pid']}"
        table.add_row(name, each["address"], doing, each["state"] if len(nodes) > 1 else "")
    table.add_row(
        f"Apicurio Registry {running.registry_version}", running.registry_url, f"pid {running.registry_pid}"
    )
    Console(width=None if sys.stdout.isatty() else 200).print(table)
    click.echo(f"up since {running.started_at}, supervisor {running.pid}\nlogs {running.log_dir}")
