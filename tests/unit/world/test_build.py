"""Building: the same bytes wherever and whenever, in recorded order, damaged only on purpose."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from casefeed.contract import catalogue, codec
from casefeed.contract.archive import Envelope
from casefeed.contract.framing import header_text
from casefeed.runtime.errors import UsageError
from synthetic_world import jobs
from synthetic_world.build import TOPICS, FolderLocked, _locked_folder, build
from synthetic_world.cli import world as world_command
from synthetic_world.faults import FAULT_KINDS, FaultKind
from synthetic_world.truth import FIGURES
from tests.archive_ledger import envelopes

SCALE, SEED = 3000, 5
SEEDS = Path(__file__).parents[3] / "seeds"
FILES = ("orr.case-events.avro", "ice.case-events.avro", "truth.json")


def contents(folder: Path) -> dict[str, bytes]:
    """The bytes of a built world by path; nothing else may lie in the folder."""
    files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert sorted(path.name for path in folder.iterdir()) in (sorted(FILES), sorted((*FILES, "repair")))
    return files


def ids(records: list[Envelope]) -> list[str]:
    """The event ids of records, by their headers."""
    return [header_text(each.headers, "ce_id") or "" for each in records]


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
@pytest.mark.parametrize("damage", [(), FAULT_KINDS])
def test_same_bytes_however_many_work(
    workers: int, damage: tuple[FaultKind, ...], whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lives shared out in small ranges over processes give the files that one process gives."""
    alone = tmp_path / "alone"
    build(alone, scale=SCALE, seed=SEED, damage=damage, workers=1)
    monkeypatch.setattr(jobs, "_LIVES_PER_JOB", 10)
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
    assert (contents(alone) == contents(whole)) == (not damage)
    lives = [done for what, done, total in told if what == "lives"]
    assert (len(lives), lives[-1]) == (15, 149)
    assert lives == sorted(lives)
    assert told[-1][1] == sum(built.records.values())


def test_two_builds_in_one_folder_are_refused(tmp_path: Path) -> None:
    """The second says that the first is at work, and harms nothing."""
    (tmp_path / ".spool-left").mkdir()
    with _locked_folder(tmp_path) as scratch:
        assert not (tmp_path / ".spool-left").exists()
        with pytest.raises(FolderLocked, match="Another build is writing"):
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


KILLED = """
import os, signal, sys
from pathlib import Path
from synthetic_world.build import build
replace, left = os.replace, int(sys.argv[2])
def dying(*paths):
    global left
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1
    replace(*paths)
os.replace = dying
build(Path(sys.argv[1]), scale=5000, seed=1)
"""


@pytest.mark.parametrize("put", [0, 1, 2])
def test_a_build_killed_while_it_puts_its_files_in_place_says_so(put: int, tmp_path: Path) -> None:
    """No truth lies beside archives that are not its own; replay refuses the folder, and a new build mends it."""
    build(tmp_path, scale=SCALE, seed=SEED, damage=(FaultKind.LOST,))
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), str(put)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert not (tmp_path / "truth.json").exists()
    with pytest.raises(UsageError, match="was cut off"):
        world_command.main(["replay", str(tmp_path)], standalone_mode=False)
    build(tmp_path, scale=SCALE, seed=SEED)
    assert sorted(contents(tmp_path)) == sorted(FILES)


def test_a_file_that_cannot_grow_is_said_in_a_sentence(tmp_path: Path) -> None:
    """A worker that cannot write, as on a full disk, ends the build with the sentence, and nothing stays."""
    limit = (20_000, 20_000)
    process = started(tmp_path, "--scale", "100", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit))
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
    done = CliRunner().invoke(world_command, ["build", "--scale", "1500", "--seed", "7", "--out", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert "299 children" in done.output
    seeds = {name: (SEEDS / name).read_bytes() for name in FILES}
    assert contents(tmp_path) == seeds, "run `casefeed world build --scale 1500 --seed 7 --out seeds`"
    assert sum(map(len, seeds.values())) <= 2**20
    assert len(truth(SEEDS)["known_by"]) == 10


def test_archives_are_in_recorded_order_over_all_children(whole: Path) -> None:
    """By time of recording, then by event id; the key is the child's; headers say what the body says."""
    known = catalogue.load_catalogue()
    for topic in TOPICS:
        order = []
        for each in envelopes(whole, topic):
            event_type = known.by_fingerprint(each.fingerprint)
            assert event_type is not None
            event = codec.decode(event_type, each.datum)
            assert each.key == event["header"]["child_key"]
            assert header_text(each.headers, "ce_id") == event["header"]["event_id"]
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


def test_a_folder_that_cannot_be_written_is_said_in_a_sentence(tmp_path: Path) -> None:
    """The command names the folder and what to do instead."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = CliRunner().invoke(world_command, ["build", "--scale", "5000", "--out", str(tmp_path / "file" / "w")])
    assert done.exit_code != 0
    assert "cannot be written" in str(done.exception)
    assert "--out" in str(done.exception)


def test_a_pipe_sees_no_progress_bar(tmp_path: Path) -> None:
    """What is printed to a pipe is the result alone."""
    done = CliRunner().invoke(world_command, ["build", "--scale", "5000", "--out", str(tmp_path), "--damage", "lost"])
    assert done.exit_code == 0
    assert done.stderr == ""
    assert re.search(r"damaged on purpose: \d+ lost; \d+ children touched", done.stdout)
