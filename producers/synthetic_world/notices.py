"""The Notice to Appear: issued, then served, then filed; three facts, each with its own clock."""

from __future__ import annotations

from synthetic_world import calibration as cal
from synthetic_world.days import DAY, HOUR, MINUTE, age_on
from synthetic_world.dice import Weighted
from synthetic_world.draft import Draft
from synthetic_world.lives import NoticeFiled, NoticeIssued, NoticeServed
from synthetic_world.quotas import Cell, Failure, Service
from synthetic_world.recording import (
    JAN_2025,
    MAY_2024,
    SLOW,
    USUAL,
    near_night,
    record,
    room,
)

_BY_MAIL = Weighted((("REGULAR_MAIL", 65), ("PERSONAL", 33), ("OTHER", 2)))
_ADULT_AGE = 14  # 8 CFR 103.8(c)(2)(ii): below it the adult with whom the child lives is served
_AT_NIGHT = 0.05
# A missed hearing lies at least this long after service, so that filing and notice fit in between.
SERVICE_TO_HEARING = 35 * DAY


def draw_service(draft: Draft, cell: Cell, apprehended: int, arrived: int) -> int:
    """When the first Notice is served, inside the window that the cell stands for."""
    dice = draft.dice
    young = age_on(draft.birth, apprehended // DAY) < _ADULT_AGE
    soonest = arrived + HOUR if young else apprehended + 2 * HOUR
    match cell.service:
        case Service.BY_MAY_2024:
            first, last = soonest, MAY_2024 - 1
            if cell.failure is Failure.BY_MAY_2024:
                last -= SERVICE_TO_HEARING + DAY
        case Service.BY_JAN_2025:
            first, last = MAY_2024, JAN_2025 - 1
            if cell.failure is not Failure.NEVER:
                last -= SERVICE_TO_HEARING
        case _:
            first, last = JAN_2025, cal.LAST_MS
    if cell.service is Service.BY_MAY_2024:
        if cell.failure is not Failure.BY_MAY_2024 and dice.chance(_AT_NIGHT):
            return near_night(dice, MAY_2024, before=True)
        if dice.chance(0.25):
            return dice.between(first, min(first + 20 * DAY, last))
        skew = dice.fraction()
        return first + int((last - first) * skew * skew)
    if dice.chance(_AT_NIGHT):
        before = cell.service is Service.BY_JAN_2025 and cell.failure is Failure.NEVER and dice.chance(0.5)
        night = JAN_2025 if before or cell.service is Service.LATER else MAY_2024
        return near_night(dice, night, before=before)
    return dice.between(first, last)


def write_issued(draft: Draft, number: int, occurred: int, issuer: str) -> NoticeIssued:
    """A Notice written by `issuer`."""
    return draft.add(
        NoticeIssued(
            n=draft.n,
            occurred=occurred,
            recorded=record(draft.dice, occurred, USUAL),
            nta=f"SYN-N-{draft.index * 10 + number}",
            issuer=issuer,
            place_and_time=draft.dice.chance(0.55),
        )
    )


def write_unserved(draft: Draft, apprehended: int, arrived: int) -> None:
    """A Notice that nobody served: written at the border, or later by ICE, and sometimes written again."""
    dice = draft.dice
    border = dice.chance(0.6)
    occurred = apprehended + dice.between(HOUR, 12 * HOUR) if border else dice.between(arrived, cal.LAST_MS)
    write_issued(draft, 1, occurred, "CBP" if border else "ICE")
    if dice.chance(cal.REISSUED):
        write_issued(draft, 2, dice.between(max(occurred, arrived), cal.LAST_MS), "ICE")


def write_served(draft: Draft, nta: str, occurred: int) -> NoticeServed:
    """Service on the right person: under 14 the adult with whom the child lives."""
    dice = draft.dice
    age = age_on(draft.birth, occurred // DAY)
    address = draft.address_known(occurred)
    in_care = draft.in_care(occurred)
    at_home = draft.address_at(occurred) is not None and not in_care
    method = dice.draw(_BY_MAIL) if at_home else "PERSONAL"
    served_on: tuple[str, ...]
    if in_care or at_home:
        adult = "SPONSOR_OR_ADULT_RESIDING" if at_home else "CARE_PROVIDER"
        too = dice.chance(0.3)
        if age < _ADULT_AGE:
            served_on = (adult, "CHILD") if too else (adult,)
        else:
            served_on = ("CHILD", adult) if too and age < 18 else ("CHILD",)
    elif occurred < draft.care[0][0] or age >= 18:
        served_on = ("CHILD",)
    else:  # absent from custody: only the attorney can be reached
        method, served_on = "OTHER", ("ATTORNEY",)
    return draft.add(
        NoticeServed(
            n=draft.n,
            occurred=occurred,
            recorded=record(dice, occurred, SLOW),
            nta=nta,
            method=method,
            served_on=served_on,
            age=age,
            address_used=address.n if at_home and address is not None and method == "REGULAR_MAIL" else None,
        )
    )


def write_filed(draft: Draft, nta: str, occurred: int, *, accepted: bool) -> NoticeFiled:
    """A filing with the court of the place where the child is."""
    return draft.add(
        NoticeFiled(
            n=draft.n,
            occurred=occurred,
            recorded=record(draft.dice, occurred, USUAL),
            nta=nta,
            court=draft.place_at(occurred).court,
            accepted=accepted,
        )
    )


def write_issued_and_served(draft: Draft, served: int, apprehended: int, arrived: int) -> str:
    """The Notice that is served first, and its service; returns its id. Some are written anew before."""
    dice = draft.dice
    border = apprehended + dice.between(10 * MINUTE, 100 * MINUTE)
    number = 1
    if dice.chance(cal.REISSUED) and served > arrived:
        write_issued(draft, 1, border, "CBP")
        number = 2
    if number == 1 and dice.chance(0.6):
        issued = write_issued(draft, 1, border, "CBP")
    else:
        earliest = max(border, served - 60 * DAY)
        issuer = "ICE" if served > arrived else "CBP"
        issuer = "USCIS" if issuer == "ICE" and dice.chance(0.05) else issuer
        issued = write_issued(draft, number, dice.between(earliest, served - 5 * MINUTE), issuer)
    write_served(draft, issued.nta, served)
    return issued.nta


def write_accepted(draft: Draft, nta: str, served: int, latest: int) -> NoticeFiled | None:
    """The accepted filing, after a rejected one at times; None where it would come after `latest`."""
    dice = draft.dice
    filed = served + dice.between(6 * HOUR, min(150 * DAY, max(latest - served, 6 * HOUR)))
    if filed > latest or not room(filed):
        return None
    if dice.chance(cal.FILING_REJECTED):
        again = filed + dice.between(3 * DAY, 45 * DAY)
        if again <= latest and room(again):
            write_filed(draft, nta, filed, accepted=False)
            filed = again
    return write_filed(draft, nta, filed, accepted=True)


def write_renewed(draft: Draft, nta: str, served: int) -> tuple[str, int] | None:
    """A Notice whose filing is rejected for good, written and served anew; its id and second service."""
    dice = draft.dice
    rejected = served + dice.between(DAY, 90 * DAY)
    issued = rejected + dice.between(5 * DAY, 60 * DAY)
    again = issued + dice.between(DAY, 60 * DAY)
    if not room(again):
        return None
    write_filed(draft, nta, rejected, accepted=False)
    renewed = write_issued(draft, 3, issued, "ICE")
    write_served(draft, renewed.nta, again)
    return renewed.nta, again
