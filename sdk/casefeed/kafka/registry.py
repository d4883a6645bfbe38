"""The schema registry through its Confluent-style API: a mirror of the packaged schemas, never their master.

Apicurio compares schemas by canonical form, in which `doc`, `aliases` and a default of null do not count: the
text it gives back for an id may be an older one than was registered. What is decoded, hashed and archived
follows the packaged schema, never the registry's text.
"""

from __future__ import annotations

import json
from typing import Any, Self
from urllib.parse import quote

import httpx

from casefeed.contract.catalogue import Catalogue
from casefeed.kafka.unavailable import is_loopback, registry_unavailable
from casefeed.runtime.errors import CheckFailed, RegistryUnavailable
from casefeed.runtime.settings import mask

TIMEOUT_S = 10.0
MAX_MESSAGE = 300


class SchemaRegistry:
    """A connection to the registry at `url` (ending in /apis/ccompat/v7, or the root of Confluent's own)."""

    def __init__(self, url: str, *, timeout_s: float = TIMEOUT_S) -> None:
        self.url = url.rstrip("/")
        self._masked_url = mask(self.url)
        self._client = httpx.AsyncClient(
            timeout=timeout_s,
            headers={"Accept": "application/vnd.schemaregistry.v1+json, application/json"},
            # What runs on this machine is never asked for through a proxy.
            trust_env=not is_loopback(httpx.URL(url).host),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def register(self, subject: str, schema: str) -> int:
        """The id of `schema` under `subject`; registering again gives the same id.

        Raises CheckFailed when the registry finds it incompatible or not valid, RegistryUnavailable when there
        is no answer.
        """
        response = await self._request(
            "POST", f"/subjects/{quote(subject, safe='')}/versions", {"schema": schema, "schemaType": "AVRO"}
        )
        if response.status_code in (409, 422):
            raise CheckFailed(
                f"The registry at {self._masked_url} refuses the schema of {subject} "
                f"({'incompatible' if response.status_code == 409 else 'not valid'}: {_error_message(response)}); "
                "a breaking change is a new subject, see `casefeed schema check`."
            )
        return int(self._parsed(response)["id"])

    async def schema_by_id(self, schema_id: int) -> str | None:
        """The text of the schema with this id, or None when the registry knows none."""
        response = await self._request("GET", f"/schemas/ids/{schema_id}")
        if response.status_code == 404:
            return None
        return str(self._parsed(response)["schema"])

    async def register_all(self, catalogue: Catalogue, topic: str | None = None) -> dict[str, int]:
        """Register the packaged schemas, all or those of one topic; the registry's id by event type name.

        Doing it again changes nothing. Raises as `register` does.
        """
        types = catalogue.on_topic(topic) if topic else list(catalogue.record_types.values())
        return {each.name: await self.register(each.name, each.canonical_json) for each in types}

    async def _request(self, method: str, path: str, body: dict[str, str] | None = None) -> httpx.Response:
        try:
            return await self._client.request(method, self.url + path, json=body)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise registry_unavailable(self._masked_url, type(error).__name__) from error

    def _parsed(self, response: httpx.Response) -> dict[str, Any]:
        try:
            content = response.json() if response.status_code == 200 else None
        except json.JSONDecodeError:  # something else than a registry answers there
            content = None
        if isinstance(content, dict) and ("id" in content or "schema" in content):
            return content
        raise RegistryUnavailable(
            f"{self._masked_url} does not answer as a schema registry does (HTTP {response.status_code}); "
            "look at its log, or set CASEFEED_REGISTRY_URL."
        )


def _error_message(response: httpx.Response) -> str:
    try:
        return str(response.json()["message"])[:MAX_MESSAGE]
    except (ValueError, KeyError, TypeError):
        return f"HTTP {response.status_code}"
