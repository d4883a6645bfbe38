"""What is believed once events are corrected, taken back, merged and unmerged, straight from the definitions.

Written on raw events, sharing no line with casefeed.case; slow, one question at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import count

from tests.unit.case.figure_definitions import figures, recorded_by
from tests.unit.case.random_histories import Told

SPEAKING = ("EventCorrected", "EventRetracted", "ChildKeysUnmerged", "EventsRequested")


def id_of(told: Told) -> str:
    """An event's id."""
    return str(told.event["header"]["event_id"])


def key_of(told: Told) -> str:
    """The key that an event is told under."""
    return str(told.event["header"]["child_key"])


def recorded(told: Told) -> tuple[int, str]:
    """What decides which of two events was recorded last."""
    return told.event["header"]["recorded_at"], id_of(told)


def believed(told: Sequence[Told], known_by: int | None, days: Sequence[int]) -> list[dict[str, int]]:
    """Every figure as of each of `days`, over the children that were believed to be by what was recorded by a day."""
    every = children(recorded_by(told, known_by))
    return [_sum([figures(child, as_of, None) for child in every]) for as_of in days]


def _sum(each_child: Sequence[dict[str, int]]) -> dict[str, int]:
    return {name: sum(child[name] for child in each_child) for name in figures([], 0, None)}


def children(held: Sequence[Told]) -> list[list[Told]]:
    """The events in force of each child, one list a child."""
    return [in_force([each for each in held if key_of(each) in keys]) for keys in groups(held)]


def groups(held: Sequence[Told]) -> list[set[str]]:
    """The keys of each child that something was told under."""
    standing = merges(held)
    found = {key_of(each): joined(key_of(each), standing) for each in held}
    return [keys for key, keys in found.items() if key == min(each for each in found if each in keys)]


def joined(key: str, by: Sequence[Told]) -> set[str]:
    """The keys that these merges join with a key, itself among them."""
    pairs = [{key_of(each), each.event["merged_child_key"]} for each in by]
    group = {key}
    while wider := group.union(*(pair for pair in pairs if pair & group)) - group:
        group |= wider
    return group


def merges(held: Sequence[Told]) -> list[Told]:
    """The merges in force, the last recorded last."""
    every = [each for each in held if each.short == "ChildKeysMerged"]
    found = []
    for each in every:
        bundle = joined(key_of(each), every)
        if each in in_force([other for other in held if key_of(other) in bundle]):
            found.append(each)
    return sorted(found, key=recorded)


def shown_under(keys: set[str], held: Sequence[Told]) -> tuple[str, bool]:
    """The key that the child of these keys is shown under, and whether the merges do not say which."""
    joining = [each for each in merges(held) if key_of(each) in keys]
    staying = [key for key in keys if all(each.event["merged_child_key"] != key for each in joining)]
    if len(staying) == 1:
        return staying[0], False
    return key_of(joining[-1]), True


def in_force(held: Sequence[Told]) -> list[Told]:
    """The events as they count: none that is taken back, each as it was last corrected."""
    by_id = {id_of(each): each for each in held}
    found = []
    spoken_of = [event_id for event_id, each in by_id.items() if each.short not in SPEAKING]
    corrections = [each for each in held if each.short == "EventCorrected"]
    spoken_of += [way_of(each, held)[-1] for each in corrections]
    for event_id in dict.fromkeys(spoken_of):
        own = by_id.get(event_id)
        restating = [
            each
            for each in corrections
            if way_of(each, held)[-1] == event_id and not any(taken_back(named, held) for named in way_of(each, held))
        ]
        if restating:
            last = max(restating, key=recorded)
            assert last.instead is not None
            clock = (own or last).event["header"]["recorded_at"]
            header = {**last.instead.event["header"], "event_id": event_id, "recorded_at": clock}
            found.append(replace(last.instead, event={**last.instead.event, "header": header}))
        elif own is not None and own.short not in SPEAKING and not gone(own, held):
            found.append(own)
    return found


def way_of(correction: Told, held: Sequence[Told]) -> list[str]:
    """The ids that a correction leads to, through corrections of corrections, its own first; never one twice."""
    by_id = {id_of(each): each for each in held}
    way = [id_of(correction)]
    for _ in count():
        last = by_id.get(way[-1])
        if last is None or last.short != "EventCorrected" or last.event["corrects_event_id"] in way:
            return way
        way.append(last.event["corrects_event_id"])
    raise AssertionError


def taken_back(event_id: str, held: Sequence[Told]) -> bool:
    """Whether a retraction that stands names the event; a circle of retractions is cut before its last recorded."""
    takers = [each for each in held if each.short == "EventRetracted" and each.event["retracts_event_id"] == event_id]
    around = circle(event_id, held)
    if around and id_of(max(around, key=recorded)) == event_id:
        takers = [each for each in takers if each not in around]
    return any(not taken_back(id_of(each), held) for each in takers)


def gone(told: Told, held: Sequence[Told]) -> bool:
    """Whether an event is taken back, or is a merge that is undone."""
    event_id = id_of(told)
    return taken_back(event_id, held) or (told.short == "ChildKeysMerged" and undone(event_id, held))


def undone(event_id: str, held: Sequence[Told]) -> bool:
    """Whether an unmerge that stands names the merge."""
    return any(
        each.short == "ChildKeysUnmerged"
        and each.event["unmerges_event_id"] == event_id
        and not taken_back(id_of(each), held)
        for each in held
    )


def circle(event_id: str, held: Sequence[Told]) -> list[Told]:
    """The retractions that take back each other in a circle with this one; none where it is in no circle."""
    by_id = {id_of(each): each for each in held if each.short == "EventRetracted"}
    around: list[Told] = []
    while event_id in by_id:
        if by_id[event_id] in around:
            return around if event_id == id_of(around[0]) else []
        around.append(by_id[event_id])
        event_id = by_id[event_id].event["retracts_event_id"]
    return []
