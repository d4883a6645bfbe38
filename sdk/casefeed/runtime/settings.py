"""The settings of one installation, and for each where its value came from.

Order, first wins: flags, `CASEFEED_*` variables, `casefeed.toml` (in the working directory, or the file that
`CASEFEED_CONFIG` names), the stack running under `home`, defaults.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import SplitResult, urlsplit

from platformdirs import user_data_path
from pydantic import AfterValidator, Field, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from casefeed.runtime.errors import UsageError

CONFIG_FILE = "casefeed.toml"
ENV_PREFIX = "CASEFEED_"
# What else is read from the environment: the file of settings, the stack's downloads, a size for the benchmarks.
OTHER_VARIABLES = ("CONFIG", "CACHE", "BENCH")
# Flags given to `casefeed` itself: they hold for every command of the run without being handed down.
_flags: ContextVar[Mapping[str, Any] | None] = ContextVar("casefeed_flags", default=None)


def _has_host(address: SplitResult) -> bool:
    try:
        return bool(address.hostname) and address.port != 0
    except ValueError:  # a port that is no number up to 65535
        return False


def _valid_bootstrap(text: str) -> str:
    brokers = [urlsplit(f"//{each.strip()}") for each in text.split(",")]
    if not all(_has_host(each) and not each.path for each in brokers):
        raise ValueError("it is host:port, several with commas between")
    return text


def _valid_http_url(url: str) -> str:
    address = urlsplit(url)
    if address.scheme not in ("http", "https") or not _has_host(address):
        raise ValueError("it is http://HOST:PORT/PATH, or https")
    return url


class Settings(BaseSettings):
    """What is in force. Made by `load`; the model itself reads no environment."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, frozen=True, extra="forbid")

    home: Path = Field(
        default_factory=lambda: user_data_path("casefeed"), description="Folder of all state of this installation."
    )
    kafka_bootstrap: Annotated[str, AfterValidator(_valid_bootstrap)] = Field(
        "127.0.0.1:9092", description="Kafka brokers, host:port, comma separated."
    )
    registry_url: Annotated[str, AfterValidator(_valid_http_url)] = Field(
        "http://127.0.0.1:8080/apis/ccompat/v7", description="Confluent-style API of the schema registry."
    )
    ledger_url: str = Field("", description="Database of the ICE ledger, sqlite:///FILE.")
    desk_url: str = Field("", description="Database of the ORR desk, sqlite:///FILE.")
    topic_partitions: int = Field(
        6, ge=1, le=1000, description="Partitions of a topic when it is created; fixed for its life."
    )
    topic_replication: int = Field(
        0, ge=0, le=9, description="Replicas of a topic when it is created; 0: as many as the cluster gives."
    )
    gap_asked_after_minutes: float = Field(
        15, ge=0, le=10_080, description="How long a number may be missing before its sender is asked for it."
    )
    heartbeat_every_s: float = Field(
        60.0, gt=0, le=86_400, description="Seconds after which a relay is heard again, idle or not."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least important log line that is shown."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `load` hands over: it knows the order and keeps where each value came from."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)


def default_home() -> Path:
    """The folder of all state where nothing names another: the user's data directory."""
    return user_data_path("casefeed")


@dataclass(frozen=True, slots=True)
class EffectiveSetting:
    """One setting as it is in force: `value` is fit to show, secrets are masked."""

    name: str
    value: str
    origin: str
    meaning: str


def load(**flags: object) -> Settings:
    """The settings in force; a flag that is None counts as not given.

    Raises UsageError for an unknown name, a value that cannot be meant, or a file that cannot be read.
    """
    return _resolve(flags)[0]


def explain(**flags: object) -> list[EffectiveSetting]:
    """Each setting in force with its value (secrets masked) and its origin; raises as `load` does."""
    settings, origins = _resolve(flags)
    return [
        EffectiveSetting(
            name, mask(str(getattr(settings, name))), origins.get(name, "default"), field.description or ""
        )
        for name, field in Settings.model_fields.items()
    ]


@contextmanager
def command_line(**flags: object) -> Iterator[None]:
    """While open, `load` takes these flags as given on the command line."""
    token = _flags.set(flags)
    try:
        yield
    finally:
        _flags.reset(token)


def mask(url: str) -> str:
    """`url` with the password masked, in its user part and in its query."""
    url = re.sub(r"(://[^:/@]*):[^/]*@", r"\1:***@", url)
    return re.sub(r"(?i)((?:password|passwd|pwd|secret|token)=)[^&]*", r"\1***", url)


def _resolve(flags: Mapping[str, object]) -> tuple[Settings, dict[str, str]]:
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}

    def layer(origin: str, found: Mapping[str, object]) -> None:
        for name, value in found.items():
            if value is not None and name not in values:
                values[name] = value
                origins[name] = origin

    layer("flag", flags)
    layer("flag", _flags.get() or {})
    _reject_unknown_variables(os.environ)
    layer("environment", EnvSettingsSource(Settings)())
    path, found = _read_config_file()
    layer(str(path), found)
    home = Path(values.get("home", default_home())).expanduser().absolute()
    values["home"] = home
    layer("running stack", running_stack(home))
    values.setdefault("ledger_url", f"sqlite:///{home / 'ice.db'}")
    values.setdefault("desk_url", f"sqlite:///{home / 'desk.db'}")
    try:
        return Settings(**values), origins
    except ValidationError as error:
        raise UsageError(_message(error, origins)) from None


def _reject_unknown_variables(environment: Mapping[str, str]) -> None:
    """Raises UsageError for a variable of ours that nothing reads: what it was to set stays as it is in silence."""
    known = [f"{ENV_PREFIX}{name.upper()}" for name in (*Settings.model_fields, *OTHER_VARIABLES)]
    for name in environment:
        if name.upper().startswith(ENV_PREFIX) and name.upper() not in known:
            near = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.0)[0]
            raise UsageError(
                f"The environment sets {name}, which is no setting; {near} is the nearest there is. Mend its "
                "name, or unset it; `casefeed settings` has all."
            )


def _read_config_file() -> tuple[Path, dict[str, Any]]:
    named = os.environ.get("CASEFEED_CONFIG")
    path = Path(named or CONFIG_FILE).absolute()
    if not path.is_file():
        if named:
            raise UsageError(f"CASEFEED_CONFIG names {path}, which is no file; mend the variable or unset it.")
        return path, {}
    try:
        return path, tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read as TOML ({type(error).__name__}); mend the file.") from error


def running_stack(home: Path) -> dict[str, str]:
    """Bootstrap and registry of the stack that runs under `home`; empty when none does."""
    try:
        content = json.loads((home / "stack" / "stack.json").read_text(encoding="utf-8"))
        pid = int(content["pid"])
        found = {"kafka_bootstrap": str(content["bootstrap"]), "registry_url": str(content["registry_url"])}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    try:
        os.kill(pid, 0)
    except PermissionError:  # it lives, and is another user's
        return found
    except OSError:
        return {}
    return found


def _message(error: ValidationError, origins: Mapping[str, str]) -> str:
    problem = error.errors(include_url=False, include_input=False)[0]
    name = str(problem["loc"][0])
    where = origins.get(name, "default")
    if problem["type"] == "extra_forbidden":
        return f"{name} (from {where}) is no setting; there are {', '.join(Settings.model_fields)}."
    return f"The setting {name} (from {where}) cannot be used: {problem['msg'].removeprefix('Value error, ')}."
