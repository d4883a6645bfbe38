"""`casefeed topics`: make the feed's topics, or check that they will keep what is put on them."""

from __future__ import annotations

import asyncio

import click

from casefeed.contract import catalogue
from casefeed.runtime.errors import CheckFailed
from casefeed.runtime.settings import load


@click.group
def topics() -> None:
    """Make or check the topics of the feed."""


@topics.command("create")
def create_command() -> None:
    """Make the topics that do not exist yet; those that do are left as they are."""
    from casefeed.kafka.topics import create  # not for --help

    settings, names = load(), catalogue.load_catalogue().topics
    partitions, replication = settings.topic_partitions, settings.topic_replication
    created = asyncio.run(create(settings.kafka_bootstrap, names, partitions=partitions, replication=replication))
    for name in names:
        click.echo(f"{name}: {'made' if name in created else 'was there'}")


@topics.command("check")
def check_command() -> None:
    """Check partitions, replicas, clock and retention of each topic; exit 1 when one would drop what is put on it."""
    from casefeed.kafka.topics import describe, problems

    settings = load()
    wrong = []
    for name in catalogue.load_catalogue().topics:
        topic = asyncio.run(describe(settings.kafka_bootstrap, name))
        found = problems(topic, settings.topic_partitions)
        wrong += found
        if not found:
            copies = f"{topic.replication} replica{'s' if topic.replication > 1 else ''}"
            click.echo(f"{name}: {topic.partitions} partitions, {copies}, LogAppendTime, keeps what is put on it")
    if wrong:
        raise CheckFailed("\n".join(wrong))
