"""What the damage comes to: the children it touched and the figures it leaves, counted from lives like the truth."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from synthetic_world.days import day_number
from synthetic_world.faults import DamagedLife, FaultKind
from synthetic_world.lives import Life
from synthetic_world.truth import ALL_KNOWN, AS_OF, FigureTotals, figures_of, resolve_corrections, visible

FigureDifference = tuple[str, str, str]
"""An as-of day, a figure, and whether the child is "missing" from it or "extra" in it."""


@dataclass(slots=True)
class DamageTotals:
    """The damage to many lives, added life by life or total by total.

    `before` and `believed` are what the truth must be changed by: to the figures of the damaged feed, and to those of
    the repaired feed by what was known before the repair. `undetected` are the children whose records show no fault.
    """

    records: Counter[FaultKind] = field(default_factory=Counter)
    children: defaultdict[FaultKind, set[str]] = field(default_factory=lambda: defaultdict(set))
    undetected: set[str] = field(default_factory=set)
    differences: defaultdict[FigureDifference, set[str]] = field(default_factory=lambda: defaultdict(set))
    before: FigureTotals = field(default_factory=FigureTotals)
    believed: FigureTotals = field(default_factory=FigureTotals)

    def add(self, life: Life, damaged: DamagedLife) -> None:
        """Count in one life that was touched."""
        key = life.child.key
        for kind in damaged.faults.values():
            self.records[kind] += 1
            self.children[kind].add(key)
        if FaultKind.LOST in damaged.faults.values() and not damaged.detectable:
            self.undetected.add(key)
        before = resolve_corrections(damaged.before)
        for totals, facts in ((self.before, before), (self.believed, resolve_corrections(damaged.believed))):
            totals.count(life.facts, -1)
            totals.count(facts)
        for iso in AS_OF:
            was, now = (figures_of(visible(facts, day_number(iso), ALL_KNOWN)) for facts in (life.facts, before))
            for figure in was - now:
                self.differences[iso, figure, "missing"].add(key)
            for figure in now - was:
                self.differences[iso, figure, "extra"].add(key)

    def merge(self, other: DamageTotals) -> None:
        """Count in other totals."""
        self.records.update(other.records)
        for kind, keys in other.children.items():
            self.children[kind] |= keys
        self.undetected |= other.undetected
        for difference, keys in other.differences.items():
            self.differences[difference] |= keys
        self.before.merge(other.before)
        self.believed.merge(other.believed)

    @property
    def touched_children(self) -> set[str]:
        """Every child that was touched in some way."""
        return set().union(*self.children.values())

    def as_dict(self, truth: FigureTotals, kinds: Sequence[FaultKind]) -> dict[str, Any]:
        """The part of truth.json, beside a `truth` that was counted from the same lives; `kinds` were asked for."""
        damaged, repaired = FigureTotals(), FigureTotals()
        for totals, change in ((damaged, self.before), (repaired, self.believed)):
            totals.merge(truth)
            totals.merge(change)
        pairs = tuple(truth.known_by)
        differences: dict[str, dict[str, dict[str, list[str]]]] = {}
        for (iso, figure, way), keys in sorted(self.differences.items()):
            differences.setdefault(iso, {}).setdefault(figure, {})[way] = sorted(keys)
        return {
            "kinds": {
                kind: {"records": self.records[kind], "children": sorted(self.children[kind])} for kind in kinds
            },
            "children": sorted(self.touched_children),
            "not_seen": sorted(self.undetected),
            "damaged": {"as_of": damaged.as_of, "known_by": damaged.by_pair(pairs)},
            "differences": differences,
            "repaired": {"as_of": truth.as_of, "known_by": repaired.by_pair(pairs)},
        }
