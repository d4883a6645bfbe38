"""What the damage comes to: the children it touched and the figures it leaves, counted from lives like the truth."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from synthetic_world.days import day_number
from synthetic_world.faults import Damage, Spoilt
from synthetic_world.lives import Life
from synthetic_world.truth import AS_OF, FOR_EVER, Tally, counted, heard, visible

Difference = tuple[str, str, str]
"""An as-of day, a figure, and whether the child is "missing" from it or "extra" in it."""


@dataclass(slots=True)
class Reckoning:
    """The damage to many lives, added life by life or reckoning by reckoning.

    `before` and `believed` are what the truth must be changed by: to the figures of the damaged feed, and to those of
    the repaired feed by what was known before the repair. `not_seen` are the children whose records show no fault.
    """

    records: Counter[Damage] = field(default_factory=Counter)
    children: defaultdict[Damage, set[str]] = field(default_factory=lambda: defaultdict(set))
    not_seen: set[str] = field(default_factory=set)
    differences: defaultdict[Difference, set[str]] = field(default_factory=lambda: defaultdict(set))
    before: Tally = field(default_factory=Tally)
    believed: Tally = field(default_factory=Tally)

    def add(self, life: Life, spoilt: Spoilt) -> None:
        """Reckon with one life that was touched."""
        key = life.child.key
        for kind in spoilt.touched.values():
            self.records[kind] += 1
            self.children[kind].add(key)
        if Damage.LOST in spoilt.touched.values() and not spoilt.seen:
            self.not_seen.add(key)
        before = heard(spoilt.before)
        for tally, facts in ((self.before, before), (self.believed, heard(spoilt.believed))):
            tally.count(life.facts, -1)
            tally.count(facts)
        for iso in AS_OF:
            was, now = (counted(visible(facts, day_number(iso), FOR_EVER)) for facts in (life.facts, before))
            for figure in was - now:
                self.differences[iso, figure, "missing"].add(key)
            for figure in now - was:
                self.differences[iso, figure, "extra"].add(key)

    def merge(self, other: Reckoning) -> None:
        """Take in another reckoning."""
        self.records.update(other.records)
        for kind, keys in other.children.items():
            self.children[kind] |= keys
        self.not_seen |= other.not_seen
        for difference, keys in other.differences.items():
            self.differences[difference] |= keys
        self.before.merge(other.before)
        self.believed.merge(other.believed)

    @property
    def touched(self) -> set[str]:
        """Every child that was touched in some way."""
        return set().union(*self.children.values())

    def told(self, truth: Tally, kinds: Sequence[Damage]) -> dict[str, Any]:
        """The part of truth.json, beside a `truth` that was counted from the same lives; `kinds` were asked for."""
        damaged, repaired = Tally(), Tally()
        for tally, change in ((damaged, self.before), (repaired, self.believed)):
            tally.merge(truth)
            tally.merge(change)
        pairs = tuple(truth.known_by)
        differences: dict[str, dict[str, dict[str, list[str]]]] = {}
        for (iso, figure, way), keys in sorted(self.differences.items()):
            differences.setdefault(iso, {}).setdefault(figure, {})[way] = sorted(keys)
        return {
            "kinds": {
                kind: {"records": self.records[kind], "children": sorted(self.children[kind])}
                for kind in kinds
            },
            "children": sorted(self.touched),
            "not_seen": sorted(self.not_seen),
            "damaged": {"as_of": damaged.as_of, "known_by": damaged.by_pair(pairs)},
            "differences": differences,
            "repaired": {"as_of": truth.as_of, "known_by": repaired.by_pair(pairs)},
        }
