"""Which value of a setting is in force, and what is said of where it came from."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from casefeed.runtime import settings
from casefeed.runtime.errors import UsageError


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory without settings, and no variable of ours."""
    for name in [each for each in os.environ if each.startswith("CASEFEED_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CASEFEED_HOME", str(tmp_path / "home"))
    return tmp_path


def origin(name: str, **flags: object) -> tuple[str, str]:
    (found,) = [each for each in settings.explain(**flags) if each.name == name]
    return found.value, found.origin


def stack_runs(home: Path, pid: int) -> None:
    (home / "stack").mkdir(parents=True)
    found = {"bootstrap": "stack:1", "registry_url": "http://stack", "pid": pid, "kafka_version": "4.4.0"}
    (home / "stack" / "stack.json").write_text(json.dumps(found), encoding="utf-8")


def test_the_first_source_that_says_so_wins(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Flags come before variables, variables before the file, the file before the stack, that before defaults."""
    assert origin("kafka_bootstrap") == ("127.0.0.1:9092", "default")
    stack_runs(bare / "home", os.getpid())
    assert origin("kafka_bootstrap") == ("stack:1", "running stack")
    (bare / "casefeed.toml").write_text('kafka_bootstrap = "file:1"\n', encoding="utf-8")
    assert origin("kafka_bootstrap") == ("file:1", str(bare / "casefeed.toml"))
    monkeypatch.setenv("CASEFEED_KAFKA_BOOTSTRAP", "variable:1")
    assert origin("kafka_bootstrap") == ("variable:1", "environment")
    with settings.command_line(kafka_bootstrap="flag:1", registry_url=None):
        assert origin("kafka_bootstrap") == ("flag:1", "flag")
        assert settings.load().registry_url == "http://stack"
        assert settings.load(kafka_bootstrap="own:1").kafka_bootstrap == "own:1"
    assert settings.load().kafka_bootstrap == "variable:1"


@pytest.mark.parametrize("text", ["127.0.0.1:99999", "kafka:0", "a:1,,b:2", "a:x", "kafka://a:1", ""])
def test_brokers_that_cannot_be_meant_are_refused(text: str) -> None:
    """A port that is none, or no host, is wrong use at once, and nothing that is waited for."""
    with pytest.raises(UsageError, match=r"kafka_bootstrap \(from flag\) cannot be used: .*host:port"):
        settings.load(kafka_bootstrap=text)


@pytest.mark.parametrize("text", ["bogus", "127.0.0.1:8080", "ftp://a/b", "http://", "http://a:0"])
def test_a_registry_that_cannot_be_meant_is_refused(text: str) -> None:
    """What is no http address is wrong use at once, and nothing that is waited for."""
    with pytest.raises(UsageError, match=r"registry_url \(from flag\) cannot be used: .*http://HOST"):
        settings.load(registry_url=text)


def test_a_stack_whose_supervisor_is_gone_is_not_believed(bare: Path) -> None:
    """A stack.json left by a supervisor that was killed says nothing about where Kafka is."""
    stack_runs(bare / "home", 2**22 + 1)
    assert origin("kafka_bootstrap") == ("127.0.0.1:9092", "default")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": "x"}', '{"pid": 1}'])
def test_a_spoilt_stack_file_is_not_believed(bare: Path, text: str) -> None:
    """A stack.json that is cut short or of another shape is as none."""
    (bare / "home" / "stack").mkdir(parents=True)
    (bare / "home" / "stack" / "stack.json").write_text(text, encoding="utf-8")
    assert settings.running_stack(bare / "home") == {}


def test_all_state_lies_under_home(bare: Path) -> None:
    """Ledger and desk lie in the home folder unless something else says so."""
    found = settings.load()
    assert found.home == bare / "home"
    assert found.ledger_url == f"sqlite:///{bare / 'home' / 'ice.db'}"
    assert found.desk_url == f"sqlite:///{bare / 'home' / 'desk.db'}"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://ice:geheim@db/ledger", "postgresql://ice:***@db/ledger"),
        ("postgresql://ice:ge@heim@db/ledger", "postgresql://ice:***@db/ledger"),
        ("postgresql://db/ledger?user=ice&password=geheim&x=1", "postgresql://db/ledger?user=ice&password=***&x=1"),
        ("sqlite:////home/a:b/ice.db", "sqlite:////home/a:b/ice.db"),
        ("http://127.0.0.1:8080/apis/ccompat/v7", "http://127.0.0.1:8080/apis/ccompat/v7"),
    ],
)  # fmt: skip
def test_secrets_are_masked(url: str, shown: str) -> None:
    """A password never shows, wherever in an address it stands."""
    assert origin("ledger_url", ledger_url=url)[0] == shown


def test_a_name_that_is_no_setting_is_refused(bare: Path) -> None:
    """A misspelt name in the file is said with the file and the names there are, instead of being ignored."""
    (bare / "casefeed.toml").write_text('kafka_botstrap = "x"\n', encoding="utf-8")
    with pytest.raises(UsageError, match=r"kafka_botstrap \(from .*casefeed.toml\) is no setting; there are home,"):
        settings.load()


@pytest.mark.parametrize("name", ["CASEFEED_DESK_ULR", "casefeed_desk_urls", "CASEFEED_DESKURL"])
def test_a_misspelt_variable_is_refused(bare: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A variable of ours that nothing reads is said with the nearest name there is; its value is not repeated."""
    monkeypatch.setenv(name, "sqlite:///geheim")
    with pytest.raises(UsageError, match=f"sets {name}, which is no setting; CASEFEED_DESK_URL is") as caught:
        settings.load()
    assert "geheim" not in caught.value.message


@pytest.mark.parametrize("name", ["CASEFEED_CACHE", "CASEFEED_BENCH", "CASEFEEDX"])
def test_a_variable_that_is_no_setting_and_not_meant_as_one_is_left_alone(
    bare: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """What the stack and the benchmarks read, and what is not ours."""
    monkeypatch.setenv(name, "x")
    assert origin("desk_url")[1] == "default"


def test_a_value_that_cannot_be_meant_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bad value is said with its name and its origin, and is not repeated."""
    monkeypatch.setenv("CASEFEED_TOPIC_PARTITIONS", "geheim")
    with pytest.raises(UsageError, match=r"topic_partitions \(from environment\) cannot be used") as caught:
        settings.load()
    assert "geheim" not in caught.value.message


def test_a_named_file_must_be_there(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """CASEFEED_CONFIG is believed: a file it names that is missing or no TOML is refused, not passed over."""
    monkeypatch.setenv("CASEFEED_CONFIG", str(bare / "none.toml"))
    with pytest.raises(UsageError, match=r"CASEFEED_CONFIG names .*none.toml, which is no file"):
        settings.load()
    (bare / "none.toml").write_text("= 1", encoding="utf-8")
    with pytest.raises(UsageError, match="cannot be read as TOML"):
        settings.load()
    (bare / "none.toml").write_text("topic_partitions = 12\n", encoding="utf-8")
    assert origin("topic_partitions") == ("12", str(bare / "none.toml"))


def test_each_setting_is_documented() -> None:
    """The page of the room names every setting with its default."""
    page = (Path(__file__).resolve().parents[3] / "docs" / "rooms" / "runtime.md").read_text(encoding="utf-8")
    for name, field in settings.SETTINGS.items():
        (row,) = [line for line in page.splitlines() if line.startswith(f"| `{name}` ")]
        assert name in ("home", "ledger_url", "desk_url") or str(field.default) in row


@pytest.mark.parametrize("name", ["topic_partitions", "TOPIC_PARTITIONS", "Topic_Partitions"])
def test_a_setting_in_a_file_is_known_in_any_case(bare: Path, name: str) -> None:
    """As a variable is."""
    (bare / "casefeed.toml").write_text(f"{name} = 12\n", encoding="utf-8")
    assert settings.load().topic_partitions == 12
