"""No exception of the product ends where nobody can tell: it is answered, raised, or listed here with the reason."""

from __future__ import annotations

import pytest

from tests.house.checkout import ROOT, python_files
from tests.house.exception_lint import find_swallowed

LEFT_BY_A_DEAD_PROCESS = "what a killed process left is in nobody's way; it is tried again by who comes next"
SAID_IN_WORDS = "the slower way below reads or writes it, or says in words what is wrong with it"
LETS_GO = "it lets go of a broker that may be away: positions and marks are in the store, nothing hangs on it"
# By file, function and what is caught there: why nobody need know.
ALLOWED = {
    (
        "sdk/casefeed/runtime/logs.py",
        "install_excepthooks.log_exception",
        "ImportError",
    ): "the interpreter ends: the line is written without the library",
    ("sdk/casefeed/store/sqlite.py", "connect", "FileExistsError"): "it is there, which was the aim",
    (
        "sdk/casefeed/store/sqlite.py",
        "_set_pragma",
        "sqlite3.OperationalError",
    ): "another makes the file: tried again, and the last try raises",
    (
        "sdk/casefeed/ledger/gap_requests.py",
        "GapRequestRule.__call__",
        "StoreError",
    ): "the gap stays, and its sender is asked at the next look",
    ("sdk/casefeed/contract/codec.py", "encode", "FAST_PATH_ERRORS"): SAID_IN_WORDS,
    ("sdk/casefeed/contract/codec.py", "decode", "FAST_PATH_ERRORS"): SAID_IN_WORDS,
    (
        "sdk/casefeed/contract/codec.py",
        "fails_synthetic_guard",
        "*_avro().AVRO_ERRORS",
    ): "what cannot be read says nothing: it is tried with fewer fields, and the record is parked or stopped anyway",
    (
        "sdk/casefeed/publish/publisher.py",
        "Publisher.outgoing",
        "ContractError",
    ): "`as_is` plays a broken sender: what breaks the contract is to go out as it is",
    (
        "sdk/casefeed/cli/prompt.py",
        "prompt_field",
        "ContractError",
    ): "a person at a terminal is told, and asked again",
    (
        "sdk/casefeed/publish/relay.py",
        "_Relay._release",
        "StoreError",
    ): "the claim is free once its lease has run out; the fault comes up again at the next claim",
    ("sdk/casefeed/kafka/consumer.py", "Consumer._close", "BrokerUnavailable"): LETS_GO,
    ("sdk/casefeed/kafka/producer.py", "Producer._close", "KafkaError, TimeoutError, OSError"): LETS_GO,
    ("sdk/casefeed/cli/demo.py", "demo", "whatever rmtree meets"): "the demo has told its answer by then",
    ("sdk/casefeed/cli/schema_release.py", "_write_release", "whatever rmtree meets"): LEFT_BY_A_DEAD_PROCESS,
    ("producers/synthetic_world/build.py", "_locked_folder", "whatever rmtree meets"): LEFT_BY_A_DEAD_PROCESS,
    ("stack/casefeed_stack/fetch.py", "_fetch_folder", "whatever rmtree meets"): LEFT_BY_A_DEAD_PROCESS,
    (
        "producers/synthetic_world/workers.py",
        "worker_main",
        "EOFError, ConnectionError",
    ): "a worker whose owner is gone ends with it; the owner that lives raises WorkerKilled",
    (
        "producers/synthetic_world/desk_process.py",
        "DeskProcess.send",
        "ConnectionError",
    ): "the end of the desk's answers tells of its end, with what was not answered",
    (
        "producers/synthetic_world/desk_process.py",
        "DeskProcess.close",
        "ProcessLookupError",
    ): "it ended by itself in that moment; the fault is kept already",
    (
        "stack/casefeed_stack/detached.py",
        "_send",
        "ProcessLookupError",
    ): "it is gone, which was the aim; the caller looks until it is",
    (
        "stack/casefeed_stack/nodes.py",
        "_wait_until_serving",
        "OSError, ValueError",
    ): "not listening yet: asked again until the deadline, which raises",
    (
        "stack/casefeed_stack/ready.py",
        "wait_until_ready",
        "OSError, ValueError",
    ): "not listening yet: asked again until the deadline, which raises",
    ("stack/casefeed_stack/nodes.py", "kill", "ProcessLookupError"): "it is gone, which was the aim",
    (
        "sdk/casefeed/runtime/watchdog.py",
        "terminate_process",
        "OSError",
    ): "the process ends in the next line; nobody reads",
    (
        "sdk/casefeed/publish/schema_ids.py",
        "SchemaIds.close",
        "whatever gather meets",
    ): "it was cancelled in the line above; its answer is of no use any more",
    (
        "sdk/casefeed/publish/heartbeat.py",
        "HeartbeatSender.close",
        "whatever gather meets",
    ): "it was cancelled in the line above; nothing is sent after it",
    (
        "sdk/casefeed/publish/schema_ids.py",
        "SchemaIds.refresh",
        "RegistryUnavailable",
    ): "with the registry away what is known stays good, and it is asked again later",
    (
        "sdk/casefeed/publish/heartbeat.py",
        "HeartbeatSender._run",
        "TimeoutError",
    ): "no fault: the time of the next beat has come",
    (
        "sdk/casefeed/publish/desk.py",
        "Desk.record",
        "StoreError",
    ): "another writes the file: tried again, and the last try raises",
    (
        "producers/synthetic_world/desk_process.py",
        "DeskProcess._lines",
        "ProcessLookupError",
    ): "it ended by itself in that moment; the fault is kept already",
    (
        "stack/casefeed_stack/supervisor.py",
        "_report",
        "BrokenPipeError",
    ): "nobody reads when the owner is gone; the supervisor sees that itself",
}


def found() -> set[tuple[str, str, str]]:
    """Everything that the product swallows: file, function, what is caught."""
    return {
        (str(path.relative_to(ROOT)), each.function, each.caught)
        for path in python_files("sdk", "producers", "consumers", "stack")
        for each in find_swallowed(path.read_text(encoding="utf-8"))
    }


def test_no_exception_is_swallowed() -> None:
    """Each `except` of the product returns an outcome, raises or hands the error on, or its reason stands above.

    Seen to fail with `except BrokerUnavailable: continue` put round the taking of a batch in the intake.
    """
    assert found() - ALLOWED.keys() == set()


def test_every_exception_to_the_rule_is_there() -> None:
    """A reason for what is swallowed no more is taken off the list."""
    assert ALLOWED.keys() - found() == set()


SWALLOWS = {
    "pass": "try:\n    f()\nexcept OSError:\n    pass",
    "a bare continue": "for each in x:\n    try:\n        f()\n    except OSError:\n        continue",
    "a line to the log": "try:\n    f()\nexcept OSError as error:\n    log.warning('it failed', exc_info=error)",
    "a line to people": "try:\n    f()\nexcept OSError as error:\n    click.echo(str(error))",
    "an answer on one way only": "try:\n    f()\nexcept OSError:\n    if x:\n        raise",
    "a value nobody reads": "def f():\n    try:\n        g()\n    except OSError:\n        failed = True",
    "an error made a text for the log": "try:\n    f()\nexcept OSError as e:\n    log.info(str(e), kind=type(e))",
    "suppress": "with contextlib.suppress(OSError):\n    f()",
    "errors ignored": "shutil.rmtree(x, ignore_errors=True)",
    "errors gathered": "await asyncio.gather(f(), return_exceptions=True)",
}
ANSWERS = {
    "raise": "try:\n    f()\nexcept OSError as error:\n    log.warning('it failed')\n    raise Fault from error",
    "return": "def f():\n    try:\n        g()\n    except OSError:\n        return None",
    "a raise below": "def f():\n    try:\n        return g()\n    except OSError:\n        pass\n    raise Fault",
    "handed on": "try:\n    f()\nexcept OSError as error:\n    faults.append(error)",
    "set and looked at": "def f():\n    try:\n        g()\n    except OSError:\n        ok = False\n    return ok",
    "looked at on the next way round": (
        "def f():\n    while ok:\n        try:\n            g()\n        except OSError:\n            ok = False"
    ),
    "either way": (
        "def f():\n    try:\n        g()\n    except OSError as e:\n        if x:\n            raise\n        else:\n"
        "            h(e)"
    ),
    "the end": "try:\n    f()\nexcept OSError:\n    sys.exit(3)",
    "errors not ignored": "shutil.rmtree(x, ignore_errors=False)",
}


@pytest.mark.parametrize("source", SWALLOWS.values(), ids=SWALLOWS.keys())
def test_what_swallows_is_found(source: str) -> None:
    """Each way to let an exception end without an answer is seen."""
    assert len(find_swallowed(source)) == 1


@pytest.mark.parametrize("source", ANSWERS.values(), ids=ANSWERS.keys())
def test_what_answers_is_let_be(source: str) -> None:
    """What raises, returns, hands on or is looked at is no fault."""
    assert find_swallowed(source) == []
