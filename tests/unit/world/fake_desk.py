"""A desk as `record --lines` is one, for the tests of a live world: `python fake_desk.py KEPT [WORD ...]`.

It keeps the ids of what it holds in the file KEPT. Words spoil it: `refuse=TYPE`, `end-after=N`, `nonsense`,
`endless` (a line longer than any), `slow=S` (seconds an event), `late=S` (seconds before the first), `deaf` (reads
nothing, for ever), `speak` (says a line to people), `code=N` (its exit code).
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path


def main() -> None:
    """Answer every line on standard input, in order."""
    kept = Path(sys.argv[1])
    words = dict(word.partition("=")[::2] for word in sys.argv[2:])
    held = set(kept.read_text(encoding="utf-8").split()) if kept.exists() else set()
    if "speak" in words:
        sys.stderr.write("The desk is open.\n")
        sys.stderr.flush()
    time.sleep(float(words.get("late", "0")))
    while "deaf" in words:
        time.sleep(1)
    with kept.open("a", encoding="utf-8") as record:
        for number, line in enumerate(sys.stdin, start=1):
            event = json.loads(line)
            event_id = event["header"]["event_id"]
            time.sleep(float(words.get("slow", "0")))
            answer: dict[str, object] = {
                "event_id": event_id,
                "source": kept.stem,
                "sequence": number,
                "recorded_at": event["header"]["recorded_at"],
                "held": event_id in held,
            }
            if event["type"] == words.get("refuse"):
                answer = {"error": "the address is none; write another"}
            elif event_id not in held:
                record.write(f"{event_id}\n")
                held.add(event_id)
            if "endless" in words:
                sys.stdout.write("." * 200_000)
            sys.stdout.write("what?\n" if "nonsense" in words else json.dumps(answer) + "\n")
            sys.stdout.flush()
            if str(number) == words.get("end-after"):
                break
    sys.exit(int(words.get("code", "0")))


if __name__ == "__main__":
    main()
