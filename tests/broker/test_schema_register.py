"""`casefeed schema register` against the real registry."""

from __future__ import annotations

import httpx
import pytest
from click.testing import CliRunner

from casefeed.cli.schema import schema
from casefeed.contract.catalogue import load_catalogue
from casefeed.runtime.errors import RegistryUnavailable


def test_every_packaged_schema_is_registered_once(registry_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each event type has its subject and its number; a second time gives the same numbers."""
    monkeypatch.setenv("CASEFEED_REGISTRY_URL", registry_url)
    first = CliRunner().invoke(schema, ["register"], catch_exceptions=False)
    assert [line.partition(":")[0] for line in first.output.splitlines()] == sorted(load_catalogue().record_types)
    assert set(load_catalogue().record_types) <= set(httpx.get(f"{registry_url}/subjects", trust_env=False).json())
    assert CliRunner().invoke(schema, ["register"]).output == first.output


def test_a_registry_that_is_away_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no registry answers, the command says so and what to do."""
    monkeypatch.setenv("CASEFEED_REGISTRY_URL", "http://127.0.0.1:1/apis/ccompat/v7")
    with pytest.raises(RegistryUnavailable, match="does not answer"):
        CliRunner().invoke(schema, ["register"], catch_exceptions=False, standalone_mode=False)
