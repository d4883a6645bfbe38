"""Hearings: set by the court once a filing is accepted, held or missed, and what the court did then."""

from __future__ import annotations

from synthetic_world import calibration as cal
from synthetic_world.days import DAY, HOUR, MINUTE, age_on, working_day
from synthetic_world.dice import Dice, Weighted
from synthetic_world.draft import Draft
from synthetic_world.lives import (
    Finding,
    HearingMissed,
    HearingSet,
    NoticeFiled,
    OrderedInAbsentia,
)
from synthetic_world.quotas import Failure
from synthetic_world.recording import MAY_2024, OCT_2024, PROMPT, USUAL, near_night, record, room

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
