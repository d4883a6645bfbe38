"""One set-up of logs for every process: what may appear is listed, all else is withheld and counted.

A line is a fixed message and keys. A key passes when it is technical (`TECHNICAL`) or a field of the contract
whose sensitivity tag is NO, OP or CT; `child_key` passes as the pseudonym it is. An exception appears as its
type and places, never its message. Libraries' lines keep their template and lose every text argument.

structlog and the contract's tags are loaded with the first line: most commands log nothing.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, TextIO

from casefeed.runtime import settings
from casefeed.runtime.clock import monotonic, utc_now
from casefeed.runtime.errors import UsageError

# fmt: off
TECHNICAL = frozenset({
        "attempt", "attempts", "batches", "bytes", "caught_up", "cluster_id", "code", "count",
        "duplicates", "elapsed_s", "end", "error", "event_type", "events", "events_per_s", "expected",
        "failure", "field", "figure", "file", "fingerprint", "found", "from_offset", "group",
        "held_offset", "host", "lag", "level", "line", "logger", "method", "missing", "offset",
        "parked", "partition", "partitions", "path", "pid", "places", "port", "position", "progress",
        "rate", "record", "refused", "registry_id", "repeated", "restarted", "rule", "schema_id",
        "seconds", "seen", "service", "signal", "since", "size", "started", "status", "step", "subject",
        "timeout_s", "topic", "total", "up_to", "url", "version", "waited_s", "where", "withheld",
})
# fmt: on
MAX_TEXT = 300
# A library that repeats itself (a broker that is away) is heard once in this many seconds.
REPEAT_AFTER_S = 10.0
# Libraries that log through literal templates, which are shown; their text arguments never are.
TEMPLATE_LOGGERS = ("aiokafka", "httpcore", "httpx")

Event = MutableMapping[str, Any]


@cache
def allowed_keys() -> frozenset[str]:
    """Every key that a log line may carry."""
    from casefeed.contract.privacy import loggable_fields

    return loggable_fields() | TECHNICAL


def traceback_locations(error: BaseException) -> list[str]:
    """Where `error` came through, outermost first and causes before effects, without any message."""
    chain: list[str] = []
    current: BaseException | None = error
    while current is not None and len(chain) < 200:
        locations = [
            f"{_short(frame.filename)}:{frame.lineno} in {frame.name}"
            for frame in traceback.extract_tb(current.__traceback__)
            if not frame.filename.startswith("<frozen")
        ]
        chain = locations + chain if current is error else [*locations, f"then {type(current).__name__}", *chain]
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return chain or ["nowhere"]


def _short(filename: str) -> str:
    return "/".join(Path(filename).parts[-3:])


def _withhold(_logger: Any, _method: str, event: Event) -> Event:
    """Keep what is allowed, in a form that cannot hide anything; count the rest."""
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, tuple):
        error = error[1]
    event.pop("stack_info", None)
    allowed: dict[str, Any] = {}
    withheld = 0
    for key, value in event.items():
        plain = _loggable_value(value)
        if key in ("event", "timestamp") or (key in allowed_keys() and plain is not None):
            allowed[key] = plain
        elif value is not None:
            withheld += 1
    if withheld:
        allowed["withheld"] = withheld
    if isinstance(error, BaseException):
        allowed["error"] = type(error).__name__
        allowed["places"] = traceback_locations(error)
    return allowed


def _loggable_value(value: object) -> str | int | float | bool | None:
    if isinstance(value, BaseException):
        return type(value).__name__
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, str | Path):
        text = str(value)
        return text if len(text) <= MAX_TEXT else None
    return None


class _LibraryHandler(logging.Handler):
    """Takes in the standard library's logging, so that there is one way out."""

    def __init__(self) -> None:
        super().__init__()
        self._last_emitted: dict[tuple[str, str], tuple[float, int]] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Pass the line on; never raises."""
        library = record.name.partition(".")[0]
        text = _template(record) if library in TEMPLATE_LOGGERS else f"a line of {library}, withheld"
        key = (record.name, text if library in TEMPLATE_LOGGERS else f"{record.pathname}:{record.lineno}")
        last, repeated = self._last_emitted.get(key, (float("-inf"), 0))
        if monotonic() - last < REPEAT_AFTER_S:
            self._last_emitted[key] = (last, repeated + 1)
            return
        self._last_emitted[key] = (monotonic(), 0)
        fields: dict[str, Any] = {"where": f"{_short(record.pathname)}:{record.lineno}"}
        if repeated:
            fields["repeated"] = repeated
        get_logger().log(record.levelno, text, logger=record.name, exc_info=record.exc_info or None, **fields)


def _template(record: logging.LogRecord) -> str:
    """The template with numbers and error types put in; any other argument shows as an ellipsis."""
    template = str(record.msg)
    try:
        if isinstance(record.args, Mapping):
            return template % {key: _argument(value) for key, value in record.args.items()}
        return template % tuple(_argument(value) for value in record.args) if record.args else template
    except (TypeError, ValueError, KeyError):  # a numeric placeholder for what is no number
        return template


def _argument(value: object) -> object:
    if isinstance(value, bool | int | float):
        return value
    return type(value).__name__ if isinstance(value, BaseException) else "…"


_structlog_level: int | None = None
"""The least important level that is shown; None until `setup` or `setup_on_first_line`."""


def setup(level: str | None = None) -> None:
    """Install the set-up: for people when standard error is a terminal, a JSON object a line otherwise.

    `level` (default: the setting `log_level`) is debug, info, warning or error.
    """
    import_module("structlog")
    setup_on_first_line(level)


def setup_on_first_line(level: str | None = None) -> None:
    """As `setup`, for a process whose lines come from `get_logger`: structlog is loaded and set up with the first."""
    global _structlog_level
    _structlog_level = logging.getLevelNamesMapping()[(level or settings.load().log_level).upper()]
    if "structlog" in sys.modules:
        _configure(_structlog_level)
    root = logging.getLogger()
    for handler in [each for each in root.handlers if isinstance(each, _LibraryHandler)]:
        root.removeHandler(handler)
    root.addHandler(_LibraryHandler())
    # Libraries tell what they retry as warnings: what is waited for, casefeed says itself.
    # The consumer group only shows lag: its coordinator's troubles decide nothing, and mend themselves.
    logging.getLogger("aiokafka.consumer.group_coordinator").setLevel(logging.CRITICAL)
    root.setLevel(logging.DEBUG if _structlog_level == logging.DEBUG else logging.ERROR)
    logging.captureWarnings(True)


def get_logger() -> Any:
    """A logger of structlog, under the set-up in force."""
    import structlog

    if _structlog_level is not None and not structlog.is_configured():
        _configure(_structlog_level)
    return structlog.get_logger()


def _configure(level: int) -> None:
    import structlog

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _withhold,
            _render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        # Looked up for each line: a progress bar puts itself before standard error while it is shown.
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )


@contextmanager
def silenced(library: str) -> Iterator[None]:
    """While open, a library's own lines are dropped: what it would say is told in a sentence."""
    logger = logging.getLogger(library)
    previous = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(previous)


def _render(logger: Any, method: str, event: Event) -> str:
    if _is_terminal(sys.stderr):
        from structlog.dev import ConsoleRenderer

        return str(ConsoleRenderer(colors=True, pad_event_to=0)(logger, method, event))
    return json.dumps(event, default=str)


def _is_terminal(stream: TextIO) -> bool:
    return stream.isatty()


def install_excepthooks() -> None:
    """Make what Python itself would print of an exception nobody caught pass through the log."""

    def log_exception(error: BaseException | None, message: str) -> None:
        try:
            logger = get_logger()
        except ImportError:  # the interpreter ends and imports no more
            places = [] if error is None else traceback_locations(error)
            sys.stderr.write(json.dumps({"event": message, "error": type(error).__name__, "places": places}) + "\n")
        else:
            logger.error(message, exc_info=error)

    sys.excepthook = lambda _kind, error, _trace: log_exception(error, "nobody caught an exception")
    threading.excepthook = lambda args: log_exception(args.exc_value, "nobody caught an exception of a thread")
    sys.unraisablehook = lambda args: log_exception(args.exc_value, "an exception could not be raised")


def record_failure(error: BaseException) -> Path | None:
    """Add the type and places of `error` to `<home>/log/failures.jsonl`; its path, None where it cannot be."""
    try:
        home = settings.load().home
    except UsageError:
        home = settings.default_home()
    path = home / "log" / "failures.jsonl"
    line = {"time": utc_now().isoformat(), "error": type(error).__name__, "places": traceback_locations(error)}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as out:
            out.write(json.dumps(line) + "\n")
    except OSError:
        get_logger().error("the failure could not be kept", path=str(path), exc_info=error)
        return None
    return path
