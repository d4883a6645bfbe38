"""The settings of one installation, and for each where its value came from.

Order, first wins: flags, `CASEFEED_*` variables, `casefeed.toml` (in the working directory, or the file that
`CASEFEED_CONFIG` names), the stack running under `home`, defaults.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import SplitResult, urlsplit

from casefeed.runtime.errors import UsageError

LogLevel = Literal["debug", "info", "warning", "error"]
CONFIG_FILE = "casefeed.toml"
ENV_PREFIX = "casefeed_"
# What else is read from the environment: the file of settings, the stack's downloads, a size for the benchmarks.
OTHER_VARIABLES = ("config", "cache", "bench")
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


def _meta(meaning: str, kind: str, check: Callable[[Any], Any] | None = None, **bounds: object) -> dict[str, Any]:
    """What a setting means, and the rule that gives its value: text as a number where it is one, as pydantic has it.

    The rule raises ValueError, or the pydantic_core.ValidationError that is one, for what cannot be meant.
    """

    def rule(value: object) -> Any:
        if not (kind == "str" and isinstance(value, str)):
            from pydantic_core import SchemaValidator, core_schema  # no default and no text needs it

            value = SchemaValidator(getattr(core_schema, f"{kind}_schema")(**bounds)).validate_python(value)
        return value if check is None else check(value)

    return {"meaning": meaning, "rule": rule}


def default_home() -> Path:
    """The folder of all state where nothing names another: the user's data directory."""
    from platformdirs import user_data_path

    return user_data_path("casefeed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What is in force. Made by `load`, which holds each value to its rule; the class itself reads no environment."""

    home: Path = field(
        default_factory=default_home,
        metadata={"meaning": "Folder of all state of this installation.", "rule": lambda home: home},
    )
    kafka_bootstrap: str = field(
        default="127.0.0.1:9092",
        metadata=_meta("Kafka brokers, host:port, comma separated.", "str", _valid_bootstrap),
    )
    registry_url: str = field(
        default="http://127.0.0.1:8080/apis/ccompat/v7",
        metadata=_meta("Confluent-style API of the schema registry.", "str", _valid_http_url),
    )
    ledger_url: str = field(default="", metadata=_meta("Database of the ICE ledger, sqlite:///FILE.", "str"))
    desk_url: str = field(default="", metadata=_meta("Database of the ORR desk, sqlite:///FILE.", "str"))
    topic_partitions: int = field(
        default=6,
        metadata=_meta("Partitions of a topic when it is created; fixed for its life.", "int", ge=1, le=1000),
    )
    topic_replication: int = field(
        default=0,
        metadata=_meta("Replicas of a topic when it is created; 0: as many as the cluster gives.", "int", ge=0, le=9),
    )
    gap_asked_after_minutes: float = field(
        default=15.0,
        metadata=_meta(
            "How long a number may be missing before its sender is asked for it.", "float", ge=0, le=10_080
        ),
    )
    heartbeat_every_s: float = field(
        default=60.0,
        metadata=_meta("Seconds after which a relay is heard again, idle or not.", "float", gt=0, le=86_400),
    )
    log_level: LogLevel = field(
        default="info",
        metadata=_meta("The least important log line that is shown.", "literal", expected=list(get_args(LogLevel))),
    )


SETTINGS = {each.name: each for each in fields(Settings)}
"""The settings by name, each with its default and under `metadata` its meaning and its rule."""


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
            name, mask(str(getattr(settings, name))), origins.get(name, "default"), each.metadata["meaning"]
        )
        for name, each in SETTINGS.items()
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
    layer("environment", _environment_values())
    path, found = _read_config_file()
    layer(str(path), found)
    home = Path(values["home"] if "home" in values else default_home()).expanduser().absolute()
    values["home"] = home
    layer("running stack", running_stack(home))
    values.setdefault("ledger_url", f"sqlite:///{home / 'ice.db'}")
    values.setdefault("desk_url", f"sqlite:///{home / 'desk.db'}")
    return Settings(**_checked(values, origins)), origins


def _environment_values() -> dict[str, str]:
    """The settings that the environment sets; the case of a variable's name does not matter.

    Raises UsageError for a variable of ours that nothing reads: what it was to set stays as it is in silence.
    """
    found = {}
    for variable, value in os.environ.items():
        name = variable.lower().removeprefix(ENV_PREFIX)
        if name == variable.lower() or name in OTHER_VARIABLES:
            continue
        if name not in SETTINGS:
            import difflib

            known = [f"{ENV_PREFIX}{each}".upper() for each in (*SETTINGS, *OTHER_VARIABLES)]
            near = difflib.get_close_matches(variable.upper(), known, n=1, cutoff=0.0)[0]
            raise UsageError(
                f"The environment sets {variable}, which is no setting; {near} is the nearest there is. Mend its "
                "name, or unset it; `casefeed settings` has all."
            )
        found[name] = value
    return found


def _read_config_file() -> tuple[Path, dict[str, Any]]:
    named = os.environ.get("CASEFEED_CONFIG")
    path = Path(named or CONFIG_FILE).absolute()
    if not path.is_file():
        if named:
            raise UsageError(f"CASEFEED_CONFIG names {path}, which is no file; mend the variable or unset it.")
        return path, {}
    import tomllib

    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read as TOML ({type(error).__name__}); mend the file.") from error
    # A setting is known in small and in capital letters, as a variable is.
    return path, {name.lower() if name.lower() in SETTINGS else name: value for name, value in content.items()}


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


def _checked(values: Mapping[str, Any], origins: Mapping[str, str]) -> dict[str, Any]:
    """The values, each held to its rule; raises UsageError, and repeats no value."""
    checked = {}
    for name, setting in SETTINGS.items():
        if name in values:
            try:
                checked[name] = setting.metadata["rule"](values[name])
            except ValueError as error:
                # What pydantic finds wrong, without the value.
                errors = getattr(error, "errors", None)
                wrong = errors(include_url=False, include_input=False)[0]["msg"] if errors else error
                where = origins.get(name, "default")
                raise UsageError(f"The setting {name} (from {where}) cannot be used: {wrong}.") from None
    for name in values:
        if name not in SETTINGS:
            raise UsageError(f"{name} (from {origins[name]}) is no setting; there are {', '.join(SETTINGS)}.")
    return checked
