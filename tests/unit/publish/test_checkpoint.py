"""A progress file is believed only for what the topic can prove."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from casefeed.kafka.topics import Topic
from casefeed.publish.checkpoint import Progress, resumed
from casefeed.runtime.errors import Unavailable

BOUND = {"archive_sha256": "a", "cluster_id": "c", "topic": "t", "partitions": 3}


@pytest.mark.parametrize("claim", [{"records": 5, "last": {}}, {"records": "x"}, {"records": 1, "last": []}])
async def test_a_claim_that_names_no_record_is_not_believed(tmp_path: Path, claim: dict[str, object]) -> None:
    """All is sent again, which is harmless; the broker is not even asked."""
    path = tmp_path / "progress.json"
    path.write_text(json.dumps(BOUND | claim))
    assert (await resumed(path, "a", Topic("t", "c", 3, 1, {}), "nowhere:1")).records == 0


def test_a_home_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """A full disk or a read-only home ends the replay with a sentence that names the folder, and not as a fault."""
    (tmp_path / "home").write_text("a file where a folder should be")
    with pytest.raises(Unavailable) as told:
        Progress("a", "c", "t", 3).save(tmp_path / "home" / "replay" / "progress.json")
    assert str(tmp_path / "home" / "replay") in told.value.sentence
    assert "CASEFEED_HOME" in told.value.sentence
