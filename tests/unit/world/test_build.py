"""Building: the same bytes wherever and whenever, in recorded order, damaged only on purpose."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from casefeed.contract import archive, catalogue, codec
from casefeed.contract.archive import Envelope
from casefeed.contract.errors import ContractError
from casefeed.contract.framing import header
from synthetic_world import shares
from synthetic_world.build import TOPICS, FolderTaken, _alone, build
from synthetic_world.cli import world as world_command
from synthetic_world.damage import KINDS
from synthetic_world.shares import archive_path
from synthetic_world.truth import FIGURES

SCALE, SEED = 3000, 5
SEEDS = Path(__file__).parents[3] / "seeds"
FILES = ("orr.case-events.avro", "ice.case-events.avro", "truth.json")


def contents(folder: Path) -> dict[str, bytes]:
    """The bytes of a built world; nothing else may lie in the folder."""
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)
    return {name: (folder / name).read_bytes() for name in FILES}


def envelopes(folder: Path, topic: str) -> list[Envelope]:
    """The records of an archive."""
    with archive_path(folder, topic).open("rb") as source:
        return list(archive.read(source))


def ids(records: list[Envelope]) -> list[str]:
    """The event ids of records, by their headers."""
    return [header(each.headers, "ce_id") or "" for each in records]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An undamaged world."""
    folder = tmp_path_factory.mktemp("whole")
    build(folder, scale=SCALE, seed=SEED)
    return folder


def truth(folder: Path) -> dict[str, Any]:
    """The truth beside the archives."""
    found: dict[str, Any] = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    return found


def test_same_bytes_again_in_another_zone_and_with_another_hash_seed(whole: Path, tmp_path: Path) -> None:
    """A second build in a process with its own TZ and PYTHONHASHSEED gives the same three files."""
    program = "import sys; from pathlib import Path; from synthetic_world.build import build; "
    program += f"build(Path(sys.argv[1]), scale={SCALE}, seed={SEED})"
    surroundings = {**os.environ, "TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "4242"}
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], env=surroundings, check=True)
    assert contents(tmp_path) == contents(whole)


@pytest.mark.parametrize("workers", [2, 3])
@pytest.mark.parametrize("damage", [None, "doubled"])
def test_same_bytes_however_many_work(
    workers: int, damage: str | None, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lives shared out in small ranges over processes give the files that one process gives."""
    alone = tmp_path / "alone"
    build(alone, scale=SCALE, seed=SEED, damage=damage, workers=1)
    monkeypatch.setattr(shares, "_LIVES_A_JOB", 10)
    told: list[tuple[str, int, int]] = []
    built = build(
        tmp_path / "shared",
        scale=SCALE,
        seed=SEED,
        damage=damage,
        workers=workers,
        progress=lambda *news: told.append(news),
    )
    assert contents(tmp_path / "shared") == contents(alone)
    assert (contents(alone) == contents(whole)) == (damage is None)
    lives = [done for what, done, total in told if what == "lives"]
    assert (len(lives), lives[-1]) == (15, 149)
    assert lives == sorted(lives)
    assert told[-1][1] == sum(built.records.values())


def test_two_builds_in_one_folder_are_refused(tmp_path: Path) -> None:
    """The second says that the first is at work, and harms nothing."""
    (tmp_path / ".spool-left").mkdir()
    with _alone(tmp_path) as scratch:
        assert not (tmp_path / ".spool-left").exists()
        with pytest.raises(FolderTaken, match="Another build is writing"):
            build(tmp_path, scale=SCALE, seed=SEED)
        assert scratch.is_dir()
    build(tmp_path, scale=SCALE, seed=SEED)
    assert contents(tmp_path)


def started(folder: Path, *options: str, **how: Any) -> subprocess.Popen[str]:
    """`casefeed world build` with two workers, once it has spooled something."""
    command = [sys.executable, "-m", "casefeed", "world", "build", "--out", str(folder), "--workers", "2"]
    process = subprocess.Popen([*command, *options], stderr=subprocess.PIPE, text=True, **how)
    for _ in range(600):
        if process.poll() is not None or any(folder.glob(".spool-*/*/*")):
            break
        time.sleep(0.05)
    return process


def test_an_interrupted_build_leaves_nothing(tmp_path: Path) -> None:
    """Ctrl-C reaches the whole group at a terminal; one word is said, the exit code is 130, no file stays."""
    with started(tmp_path, "--scale", "20", start_new_session=True) as process:
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert (process.returncode, said.strip()) == (130, "Interrupted.")
    assert list(tmp_path.iterdir()) == []


def test_a_killed_build_leaves_no_file_that_looks_whole(tmp_path: Path) -> None:
    """After SIGKILL there is no archive and no truth; the next build clears away what there is and is right."""
    with started(tmp_path, "--scale", "20") as process:
        process.kill()
        process.communicate(timeout=30)
    assert [path.name[:7] for path in tmp_path.iterdir()] == [".spool-"]
    build(tmp_path, scale=SCALE, seed=SEED)
    assert contents(tmp_path)


def test_a_file_that_cannot_grow_is_said_in_a_sentence(tmp_path: Path) -> None:
    """A worker that cannot write, as on a full disk, ends the build with the sentence, and nothing stays."""
    limit = (20_000, 20_000)
    process = started(
        tmp_path, "--scale", "100", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    )
    with process:
        _, said = process.communicate(timeout=60)
    assert process.returncode == 3
    assert "cannot be written" in said
    assert "File too large" in said
    assert list(tmp_path.iterdir()) == []


def test_another_seed_gives_another_world(whole: Path, tmp_path: Path) -> None:
    """Nothing but the reports' shares is common to two seeds."""
    build(tmp_path, scale=SCALE, seed=SEED + 1)
    for topic in TOPICS:
        assert not set(ids(envelopes(tmp_path, topic))) & set(ids(envelopes(whole, topic)))


def test_the_seeds_are_what_the_command_builds(tmp_path: Path) -> None:
    """`seeds/` is the world of seed 7 at 1:1500, byte for byte, in at most 1 MiB."""
    done = CliRunner().invoke(
        world_command, ["build", "--scale", "1500", "--seed", "7", "--out", str(tmp_path)]
    )
    assert done.exit_code == 0, done.output
    assert "299 children" in done.output
    seeds = {name: (SEEDS / name).read_bytes() for name in FILES}
    assert contents(tmp_path) == seeds, "run `casefeed world build --scale 1500 --seed 7 --out seeds`"
    assert sum(map(len, seeds.values())) <= 2**20
    assert len(truth(SEEDS)["known_by"]) == 10


def test_archives_are_in_recorded_order_over_all_children(whole: Path) -> None:
    """By time of recording, then by event id; the key is the child's; headers say what the body says."""
    known = catalogue.load()
    for topic in TOPICS:
        order = []
        for each in envelopes(whole, topic):
            event_type = known.by_fingerprint(each.fingerprint)
            assert event_type is not None
            event = codec.decode(event_type, each.datum)
            assert each.key == event["header"]["child_key"]
            assert header(each.headers, "ce_id") == event["header"]["event_id"]
            order.append((event["header"]["recorded_at"], event["header"]["event_id"]))
        assert order == sorted(order)
        assert len(order) == truth(whole)["events"][topic]


def test_the_truth_names_itself(whole: Path) -> None:
    """Seed, scale, children, last day and the fifteen figures of each date stand in truth.json."""
    found = truth(whole)
    assert (found["seed"], found["scale"], found["children"]) == (SEED, SCALE, 149)
    assert found["last_day"] == "2025-03-31"
    assert list(found["as_of"]) == ["2024-05-31", "2024-10-31", "2025-01-31", "2025-03-31"]
    for figures in (*found["as_of"].values(), *found["known_by"].values()):
        assert tuple(figures) == FIGURES
    assert found["damage"] is None


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_damage_touches_only_the_children_it_names(kind: str, whole: Path, tmp_path: Path) -> None:
    """The truth stays; records of children not named stay as they were, in their order."""
    build(tmp_path, scale=SCALE, seed=SEED, damage=kind)
    found = truth(tmp_path)
    touched = set(found["damage"]["children"])
    assert found["damage"]["kind"] == kind
    assert 0 < len(touched) < found["children"]
    assert {**found, "damage": None} == truth(whole)
    for topic in TOPICS:
        before, after = envelopes(whole, topic), envelopes(tmp_path, topic)
        assert before != after
        untouched = [each for each in before if each.key not in touched]
        names = set(ids(untouched))
        assert [each for each in after if header(each.headers, "ce_id") in names] == untouched


def test_each_kind_of_damage_is_what_it_says(whole: Path, tmp_path: Path) -> None:
    """Lost records are gone, doubled ones twice, shuffled ones late, corrupt ones unreadable, keys wrong."""
    known = catalogue.load()
    spoilt = {}
    for kind in KINDS:
        build(tmp_path / kind, scale=SCALE, seed=SEED, damage=kind)
        spoilt[kind] = envelopes(tmp_path / kind, TOPICS[0])
    before = envelopes(whole, TOPICS[0])
    assert len(spoilt["lost"]) < len(before)
    assert max(Counter(ids(spoilt["doubled"])).values()) >= 2
    assert set(ids(spoilt["doubled"])) == set(ids(before))
    assert sorted(ids(spoilt["shuffled"])) == sorted(ids(before))
    assert ids(spoilt["shuffled"]) != ids(before)
    broken = 0
    for was, now in zip(before, spoilt["corrupt"], strict=True):
        event_type = known.by_fingerprint(now.fingerprint)
        assert event_type is not None
        if was.datum != now.datum:
            broken += 1
            with pytest.raises(ContractError):
                codec.decode(event_type, now.datum)
    assert broken > 0
    moved = [(was, now) for was, now in zip(before, spoilt["mis-keyed"], strict=True) if was.key != now.key]
    assert moved
    assert all(was.datum == now.datum for was, now in moved)


def test_a_folder_that_cannot_be_written_is_said_in_a_sentence(tmp_path: Path) -> None:
    """The command names the folder and what to do instead."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = CliRunner().invoke(
        world_command, ["build", "--scale", "5000", "--out", str(tmp_path / "file" / "w")]
    )
    assert done.exit_code != 0
    assert "cannot be written" in str(done.exception)
    assert "--out" in str(done.exception)


def test_a_pipe_sees_no_progress_bar(tmp_path: Path) -> None:
    """What is printed to a pipe is the result alone."""
    done = CliRunner().invoke(
        world_command, ["build", "--scale", "5000", "--out", str(tmp_path), "--damage", "lost"]
    )
    assert done.exit_code == 0
    assert done.stderr == ""
    assert "damaged on purpose (lost)" in done.stdout
