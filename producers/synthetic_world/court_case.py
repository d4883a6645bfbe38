"""The Notice to Appear (issued, served, filed: three facts, each with its own clock) and the hearings.

Hearings are set by the court once a filing is accepted, then held or missed, with what the court did then.
"""

from __future__ import annotations

from synthetic_world import calibration as cal
from synthetic_world.allocation import Cell, Failure, Service
from synthetic_world.days import DAY, HOUR, MINUTE, age_on, working_day
from synthetic_world.life_builder import (
    JAN_2025,
    MAY_2024,
    OCT_2024,
    PROMPT,
    SLOW,
    USUAL,
    Draft,
    near_night,
    record,
    room,
)
from synthetic_world.lives import (
    Finding,
    HearingMissed,
    HearingSet,
    NoticeFiled,
    NoticeIssued,
    NoticeServed,
    OrderedInAbsentia,
)
from synthetic_world.rng import Dice, Weighted

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


_NOTICE = 12 * DAY  # least time from setting a hearing to holding it
_FILED_TO_MISSED = 15 * DAY
_MEDIUM = Weighted((("IN_PERSON", 70), ("VIDEO", 25), ("TELEPHONE", 5)))
_NOTICE_METHODS = Weighted((("MAIL", 88), ("IN_PERSON", 8), ("NONE", 4)))
_VERIFIED = Weighted((("YES", 20), ("NO", 50), ("NOT_REQUESTED", 30)))
_OUTCOMES = Weighted(
    (
        ("IN_ABSENTIA_ORDER", 52),
        ("ADJOURNED_CODE_11", 24),
        ("ADJOURNED_OTHER", 10),
        ("ADMIN_CLOSED_FTA", 8),
        ("ADJOURNED_CODE_10_NOTICE_ERROR", 3),
        ("TERMINATED", 2),
        ("UNKNOWN", 1),
    )
)
_OUTCOMES_BAD_NOTICE = Weighted(
    (("ADJOURNED_CODE_10_NOTICE_ERROR", 45), ("IN_ABSENTIA_ORDER", 35), ("ADJOURNED_CODE_11", 20))
)
_TELLERS = Weighted((("court", 80), ("both", 17), ("orr", 3)))
_WINDOWS = {
    Failure.BY_MAY_2024: (0, MAY_2024),
    Failure.BY_OCT_2024: (MAY_2024, OCT_2024),
    Failure.LATER: (OCT_2024, cal.LAST_MS - 3 * DAY),
}


def draw_missed(draft: Draft, failure: Failure, earliest: int) -> int:
    """When the first missed hearing is held: in the window of `failure`, not before `earliest`."""
    dice = draft.dice
    opens, closes = _WINDOWS[failure]
    first = max(opens, earliest)
    hours = draft.place_at(first).hours_behind_utc
    if hours >= 7 and dice.chance(0.3):
        # Late on a western docket: past midnight UTC it is the next day of the feed.
        before = failure is Failure.BY_MAY_2024 or (failure is Failure.BY_OCT_2024 and dice.chance(0.5))
        night = closes if before else opens
        moment = near_night(dice, night, before=before)
        if first <= moment < closes:
            return moment
    return _hearing_between(dice, first, closes - 1, hours)


def _hearing_between(dice: Dice, first: int, last: int, hours_behind_utc: int) -> int:
    """A working day's hearing, 08:30 to 15:00 by the court's clock, from the day after `first` on."""
    low, high = first // DAY + 1, last // DAY
    day = working_day(dice.between(low, high), low)
    opens = 8 * HOUR + 30 * MINUTE + hours_behind_utc * HOUR
    return day * DAY + opens + dice.between(0, 26) * 15 * MINUTE


class Docket:
    """The hearings of one case; `filed` is the accepted filing."""

    def __init__(self, draft: Draft, filed: NoticeFiled) -> None:
        self.draft = draft
        self.filed = filed
        self._hearings = 0

    def set_hearing(
        self, earliest: int, held_at: int, supersedes: HearingSet | None = None, *, late: bool = False
    ) -> HearingSet:
        """The court sets a hearing for `held_at`, between `earliest` and twelve days before."""
        draft, dice = self.draft, self.draft.dice
        latest = held_at - _NOTICE
        latest = min(latest if late else min(latest, earliest + 40 * DAY), cal.LAST_MS)
        occurred = dice.between(earliest, latest)
        method = dice.draw(_NOTICE_METHODS)
        sent = None if method == "NONE" else occurred + dice.between(HOUR, 36 * HOUR)
        if sent is not None and not room(sent):
            method, sent = "NONE", None
        address = None if sent is None or method != "MAIL" else draft.address_known_to_court(sent)
        self._hearings += 1
        minor = age_on(draft.birth, held_at // DAY) < 18
        return draft.add(
            HearingSet(
                n=draft.n,
                occurred=occurred,
                recorded=record(dice, occurred, PROMPT, not_before=sent or 0),
                hearing=f"SYN-H-{draft.index * 100 + self._hearings}",
                nta=self.filed.nta,
                supersedes=None if supersedes is None else supersedes.hearing,
                court=self.filed.court,
                held_at=held_at,
                calendar="MASTER" if self._hearings <= 3 else "INDIVIDUAL",
                medium=dice.draw(_MEDIUM),
                language=draft.language,
                notice_sent=sent,
                notice_method=method,
                notice_address=None if address is None else address.n,
                represented=draft.represented,
                juvenile_docket=minor,
                juvenile_code=None if dice.chance(0.1) else "UJ" if minor else "J1",
            )
        )

    def attend(self) -> None:
        """One or two hearings nobody missed, the last perhaps still to come; seldom one moved."""
        draft, dice = self.draft, self.draft.dice
        earliest = self.filed.occurred
        hours = draft.place_at(earliest).hours_behind_utc
        before: HearingSet | None = None
        for _ in range(2 if dice.chance(0.4) else 1):
            held = _hearing_between(dice, earliest + 45 * DAY, earliest + 400 * DAY, hours)
            hearing = self.set_hearing(earliest, held, before)
            earliest, before = held, None
            if dice.chance(0.15) and room(hearing.occurred + 20 * DAY) and held > hearing.occurred + 40 * DAY:
                earliest, before = hearing.occurred + 20 * DAY, hearing
            elif dice.chance(0.008) and room(held):
                self._tell(hearing, "EOIR_ADAPTER", 0, "ADJOURNED_OTHER", "DELIVERED", "NOT_REQUESTED", False)
            if not room(earliest):
                return

    def miss(self, held: int) -> None:
        """A missed hearing, moved before at times; where it was adjourned, perhaps another one missed."""
        dice = self.draft.dice
        filed = self.filed.occurred
        before = None
        earliest = filed
        if held - filed > 60 * DAY and dice.chance(0.3):
            planned = held - dice.between(0, 20) * DAY
            before = self.set_hearing(filed, planned)
            earliest = before.occurred + DAY
        hearing = self.set_hearing(earliest, held, before, late=True)
        outcome = self._missed(hearing)
        if not outcome.startswith("ADJOURNED") or not dice.chance(0.6) or not room(held + DAY):
            return
        hours = self.draft.place_at(held).hours_behind_utc
        again = self.set_hearing(
            held + HOUR, _hearing_between(dice, held + 30 * DAY, held + 200 * DAY, hours)
        )
        if room(again.held_at + 2 * HOUR) and dice.chance(0.45):
            self._missed(again)

    def _missed(self, hearing: HearingSet) -> str:
        """The failure to appear as its tellers tell it, with the order where one was made; the outcome."""
        draft, dice = self.draft, self.draft.dice
        quality = self._notice_quality(hearing)
        bad = quality in ("ADDRESS_DEFECTIVE", "NO_NOTICE_RECORD")
        outcome = dice.draw(_OUTCOMES_BAD_NOTICE if bad else _OUTCOMES)
        verified = dice.draw(_VERIFIED)
        ordered = hearing.held_at + dice.between(10 * MINUTE, 90 * MINUTE)
        tellers = dice.draw(_TELLERS)
        if outcome == "IN_ABSENTIA_ORDER":
            tellers = "both" if tellers == "orr" else tellers
            day = ordered // DAY + 180
            draft.add(
                OrderedInAbsentia(
                    n=draft.n,
                    occurred=ordered,
                    recorded=record(dice, ordered, USUAL),
                    hearing=hearing.hearing,
                    court=hearing.court,
                    reopen_until=None if quality == "NO_NOTICE_RECORD" else day,
                    location_verified=verified,
                )
            )
        told: HearingMissed | None = None
        if tellers != "orr":
            told = self._tell(hearing, "EOIR_ADAPTER", ordered, outcome, quality, verified, True)
        after = ordered if told is None else told.recorded + HOUR
        if tellers == "orr" or (tellers == "both" and room(after)):
            self._tell(hearing, "ORR", after, outcome, quality, verified, True)
        return outcome

    def _tell(
        self,
        hearing: HearingSet,
        teller: str,
        not_before: int,
        outcome: str,
        quality: str,
        verified: str,
        not_present: bool,
    ) -> HearingMissed:
        draft = self.draft
        place = draft.place_at(hearing.held_at)
        return draft.add(
            HearingMissed(
                n=draft.n,
                occurred=hearing.held_at,
                recorded=record(draft.dice, hearing.held_at, USUAL, not_before),
                teller=teller,
                hearing=hearing.hearing,
                hearing_day=(hearing.held_at - place.hours_behind_utc * HOUR) // DAY,
                court=hearing.court,
                area=place.area,
                not_present=not_present,
                outcome=outcome,
                notice_quality=quality,
                location_verified=verified,
                represented=draft.represented,
                age=age_on(draft.birth, hearing.held_at // DAY),
            )
        )

    def _notice_quality(self, hearing: HearingSet) -> str:
        draft, dice = self.draft, self.draft.dice
        if hearing.notice_method == "NONE":
            return "NO_NOTICE_RECORD"
        if hearing.notice_method == "IN_PERSON":
            return "DELIVERED"
        used = next((fact for fact in draft.addresses if fact.n == hearing.notice_address), None)
        if used is None:
            return "RETURNED_MAIL"
        if used.address.finding is not Finding.NONE:
            return "ADDRESS_DEFECTIVE" if dice.chance(0.8) else "RETURNED_MAIL"
        if draft.address_at(hearing.held_at) is not used:
            return "STALE_ADDRESS"
        return "DELIVERED" if dice.chance(0.92) else "RETURNED_MAIL"


def latest_filing(missed: int) -> int:
    """By when a filing must be accepted for a hearing to be missed at `missed`."""
    return missed - _FILED_TO_MISSED
