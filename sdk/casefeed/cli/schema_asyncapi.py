"""`casefeed schema asyncapi`: the feed as an AsyncAPI 3 document."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import click

from casefeed.contract.catalogue import load_catalogue
from casefeed.contract.errors import ContractError, RefusedError, SchemaError
from casefeed.contract.resources import data_dir
from casefeed.runtime.errors import Unavailable, UsageError
from casefeed.runtime.settings import Settings
from casefeed.schema_tools.asyncapi import FeedDeployment, asyncapi_document
from casefeed.schema_tools.golden import load_specimens

# Which of Kafka's topic settings AsyncAPI's binding has as numbers, and which as a list.
_NUMERIC_CONFIGS, _LIST_CONFIGS = {"retention.ms", "retention.bytes"}, {"cleanup.policy"}


@click.command("asyncapi")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write instead.")
def asyncapi_command(out: Path | None) -> None:
    """Print the AsyncAPI 3 document of the feed, as JSON: topics, messages, schemas, examples.

    It names the local defaults and not the settings in force, so that it is the same for everybody.
    """
    try:
        text = asyncapi_text()
    except (SchemaError, ContractError, RefusedError) as fault:
        raise UsageError(f"{fault}.") from fault
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Unavailable(f"{out} cannot be written ({error.strerror}).") from error


def asyncapi_text() -> str:
    """The document, laid out; docs/asyncapi.json is this.

    Raises SchemaError, ContractError or RefusedError for an event type whose specimen is missing or not as it must
    be.
    """
    catalogue, defaults = load_catalogue(), Settings()
    from casefeed.kafka.topics import TOPIC_CONFIGS  # not for --help

    topic_config = {
        name: int(value) if name in _NUMERIC_CONFIGS else [value] if name in _LIST_CONFIGS else value
        for name, value in TOPIC_CONFIGS.items()
    }
    deployment = FeedDeployment(
        defaults.kafka_bootstrap, defaults.registry_url, defaults.topic_partitions, topic_config
    )
    specimens = load_specimens(data_dir() / "specimens", catalogue.record_types)
    document = asyncapi_document(catalogue, specimens, deployment, version("casefeed"))
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
