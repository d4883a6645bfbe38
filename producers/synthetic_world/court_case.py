"""The Notice to Appear (issued, served, filed: three facts, each with its own clock) and the hearings.

Hearings are set by the court once a filing is accepted, then held or missed, with what the court did then.
"""

from __future__ import annotations

from synthetic_world import calibration as cal
from synthetic_world.allocation import FailurePeriod, JointCell, ServicePeriod
from synthetic_world.days import DAY, HOUR, MINUTE, age_on, working_day
from synthetic_world.life_builder import (
    JAN_2025,
    MAY_2024,
    OCT_2024,
    PROMPT,
    SLOW,
    USUAL,
    LifeBuilder,
    draw_recorded,
    near_midnight,
    within_world,
)
from synthetic_world.lives import (
    HearingMissed,
    HearingSet,
    NtaFiling,
    NtaIssuance,
    NtaService,
    OrderedInAbsentia,
    TrueFinding,
)
from synthetic_world.rng import Rng, Weighted

_BY_MAIL = Weighted((("REGULAR_MAIL", 65), ("PERSONAL", 33), ("OTHER", 2)))
_ADULT_AGE = 14  # 8 CFR 103.8(c)(2)(ii): below it the adult with whom the child lives is served
_AT_NIGHT = 0.05
# A missed hearing lies at least this long after service, so that filing and notice fit in between.
SERVICE_TO_HEARING = 35 * DAY
_LEAD_TIME = 12 * DAY  # least time from setting a hearing to holding it
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
_RECORDERS = Weighted((("court", 80), ("both", 17), ("orr", 3)))
_WINDOWS = {
    FailurePeriod.BY_MAY_2024: (0, MAY_2024),
    FailurePeriod.BY_OCT_2024: (MAY_2024, OCT_2024),
    FailurePeriod.LATER: (OCT_2024, cal.LAST_MS - 3 * DAY),
}


def draw_service(builder: LifeBuilder, cell: JointCell, apprehended: int, arrived: int) -> int:
    """When the first Notice is served, inside the window that the cell stands for."""
    rng = builder.rng
    young = age_on(builder.birth, apprehended // DAY) < _ADULT_AGE
    soonest = arrived + HOUR if young else apprehended + 2 * HOUR
    match cell.service:
        case ServicePeriod.BY_MAY_2024:
            first, last = soonest, MAY_2024 - 1
            if cell.failure is FailurePeriod.BY_MAY_2024:
                last -= SERVICE_TO_HEARING + DAY
        case ServicePeriod.BY_JAN_2025:
            first, last = MAY_2024, JAN_2025 - 1
            if cell.failure is not FailurePeriod.NEVER:
                last -= SERVICE_TO_HEARING
        case _:
            first, last = JAN_2025, cal.LAST_MS
    if cell.service is ServicePeriod.BY_MAY_2024:
        if cell.failure is not FailurePeriod.BY_MAY_2024 and rng.chance(_AT_NIGHT):
            return near_midnight(rng, MAY_2024, before=True)
        if rng.chance(0.25):
            return rng.randint(first, min(first + 20 * DAY, last))
        skew = rng.random()
        return first + int((last - first) * skew * skew)
    if rng.chance(_AT_NIGHT):
        before = cell.service is ServicePeriod.BY_JAN_2025 and cell.failure is FailurePeriod.NEVER and rng.chance(0.5)
        midnight = JAN_2025 if before or cell.service is ServicePeriod.LATER else MAY_2024
        return near_midnight(rng, midnight, before=before)
    return rng.randint(first, last)


def write_issued(builder: LifeBuilder, number: int, occurred: int, issuer: str) -> NtaIssuance:
    """A Notice written by `issuer`."""
    return builder.add(
        NtaIssuance(
            n=builder.next_n,
            occurred=occurred,
            recorded=draw_recorded(builder.rng, occurred, USUAL),
            nta=f"SYN-N-{builder.index * 10 + number}",
            issuer=issuer,
            place_and_time=builder.rng.chance(0.55),
        )
    )


def write_unserved(builder: LifeBuilder, apprehended: int, arrived: int) -> None:
    """A Notice that nobody served: written at the border, or later by ICE, and sometimes written again."""
    rng = builder.rng
    border = rng.chance(0.6)
    occurred = apprehended + rng.randint(HOUR, 12 * HOUR) if border else rng.randint(arrived, cal.LAST_MS)
    write_issued(builder, 1, occurred, "CBP" if border else "ICE")
    if rng.chance(cal.REISSUED):
        write_issued(builder, 2, rng.randint(max(occurred, arrived), cal.LAST_MS), "ICE")


def write_served(builder: LifeBuilder, nta: str, occurred: int) -> NtaService:
    """Service on the right person: under 14 the adult with whom the child lives."""
    rng = builder.rng
    age = age_on(builder.birth, occurred // DAY)
    address = builder.address_known(occurred)
    in_care = builder.in_care(occurred)
    at_home = builder.address_at(occurred) is not None and not in_care
    method = rng.weighted_choice(_BY_MAIL) if at_home else "PERSONAL"
    served_on: tuple[str, ...]
    if in_care or at_home:
        adult = "SPONSOR_OR_ADULT_RESIDING" if at_home else "CARE_PROVIDER"
        too = rng.chance(0.3)
        if age < _ADULT_AGE:
            served_on = (adult, "CHILD") if too else (adult,)
        else:
            served_on = ("CHILD", adult) if too and age < 18 else ("CHILD",)
    elif occurred < builder.care[0][0] or age >= 18:
        served_on = ("CHILD",)
    else:  # absent from custody: only the attorney can be reached
        method, served_on = "OTHER", ("ATTORNEY",)
    return builder.add(
        NtaService(
            n=builder.next_n,
            occurred=occurred,
            recorded=draw_recorded(rng, occurred, SLOW),
            nta=nta,
            method=method,
            served_on=served_on,
            age=age,
            address_used=address.n if at_home and address is not None and method == "REGULAR_MAIL" else None,
        )
    )


def write_filed(builder: LifeBuilder, nta: str, occurred: int, *, accepted: bool) -> NtaFiling:
    """A filing with the court of the place where the child is."""
    return builder.add(
        NtaFiling(
            n=builder.next_n,
            occurred=occurred,
            recorded=draw_recorded(builder.rng, occurred, USUAL),
            nta=nta,
            court=builder.locality_at(occurred).court,
            accepted=accepted,
        )
    )


def write_issued_and_served(builder: LifeBuilder, served: int, apprehended: int, arrived: int) -> str:
    """The Notice that is served first, and its service; returns its id. Some are written anew before."""
    rng = builder.rng
    border = apprehended + rng.randint(10 * MINUTE, 100 * MINUTE)
    number = 1
    if rng.chance(cal.REISSUED) and served > arrived:
        write_issued(builder, 1, border, "CBP")
        number = 2
    if number == 1 and rng.chance(0.6):
        issued = write_issued(builder, 1, border, "CBP")
    else:
        earliest = max(border, served - 60 * DAY)
        issuer = "ICE" if served > arrived else "CBP"
        issuer = "USCIS" if issuer == "ICE" and rng.chance(0.05) else issuer
        issued = write_issued(builder, number, rng.randint(earliest, served - 5 * MINUTE), issuer)
    write_served(builder, issued.nta, served)
    return issued.nta


def write_accepted(builder: LifeBuilder, nta: str, served: int, latest: int) -> NtaFiling | None:
    """The accepted filing, after a rejected one at times; None where it would come after `latest`."""
    rng = builder.rng
    filed = served + rng.randint(6 * HOUR, min(150 * DAY, max(latest - served, 6 * HOUR)))
    if filed > latest or not within_world(filed):
        return None
    if rng.chance(cal.FILING_REJECTED):
        again = filed + rng.randint(3 * DAY, 45 * DAY)
        if again <= latest and within_world(again):
            write_filed(builder, nta, filed, accepted=False)
            filed = again
    return write_filed(builder, nta, filed, accepted=True)


def write_renewed(builder: LifeBuilder, nta: str, served: int) -> tuple[str, int] | None:
    """A Notice whose filing is rejected for good, written and served anew; its id and second service."""
    rng = builder.rng
    rejected = served + rng.randint(DAY, 90 * DAY)
    issued = rejected + rng.randint(5 * DAY, 60 * DAY)
    again = issued + rng.randint(DAY, 60 * DAY)
    if not within_world(again):
        return None
    write_filed(builder, nta, rejected, accepted=False)
    renewed = write_issued(builder, 3, issued, "ICE")
    write_served(builder, renewed.nta, again)
    return renewed.nta, again


def draw_missed(builder: LifeBuilder, failure: FailurePeriod, earliest: int) -> int:
    """When the first missed hearing is held: in the window of `failure`, not before `earliest`."""
    rng = builder.rng
    opens, closes = _WINDOWS[failure]
    first = max(opens, earliest)
    hours = builder.locality_at(first).hours_behind_utc
    if hours >= 7 and rng.chance(0.3):
        # Late on a western docket: past midnight UTC it is the next day of the feed.
        before = failure is FailurePeriod.BY_MAY_2024 or (failure is FailurePeriod.BY_OCT_2024 and rng.chance(0.5))
        midnight = closes if before else opens
        moment = near_midnight(rng, midnight, before=before)
        if first <= moment < closes:
            return moment
    return _hearing_between(rng, first, closes - 1, hours)


def _hearing_between(rng: Rng, first: int, last: int, hours_behind_utc: int) -> int:
    """A working day's hearing, 08:30 to 15:00 by the court's clock, from the day after `first` on."""
    low, high = first // DAY + 1, last // DAY
    day = working_day(rng.randint(low, high), low)
    opens = 8 * HOUR + 30 * MINUTE + hours_behind_utc * HOUR
    return day * DAY + opens + rng.randint(0, 26) * 15 * MINUTE


class Docket:
    """The hearings of one case; `filed` is the accepted filing."""

    def __init__(self, builder: LifeBuilder, filed: NtaFiling) -> None:
        self.builder = builder
        self.filed = filed
        self._hearings = 0

    def set_hearing(
        self, earliest: int, hearing_at: int, supersedes: HearingSet | None = None, *, late: bool = False
    ) -> HearingSet:
        """The court sets a hearing for `hearing_at`, between `earliest` and twelve days before."""
        builder, rng = self.builder, self.builder.rng
        latest = hearing_at - _LEAD_TIME
        latest = min(latest if late else min(latest, earliest + 40 * DAY), cal.LAST_MS)
        occurred = rng.randint(earliest, latest)
        method = rng.weighted_choice(_NOTICE_METHODS)
        sent = None if method == "NONE" else occurred + rng.randint(HOUR, 36 * HOUR)
        if sent is not None and not within_world(sent):
            method, sent = "NONE", None
        address = None if sent is None or method != "MAIL" else builder.address_known_to_court(sent)
        self._hearings += 1
        minor = age_on(builder.birth, hearing_at // DAY) < 18
        return builder.add(
            HearingSet(
                n=builder.next_n,
                occurred=occurred,
                recorded=draw_recorded(rng, occurred, PROMPT, not_before=sent or 0),
                hearing=f"SYN-H-{builder.index * 100 + self._hearings}",
                nta=self.filed.nta,
                supersedes=None if supersedes is None else supersedes.hearing,
                court=self.filed.court,
                hearing_at=hearing_at,
                calendar="MASTER" if self._hearings <= 3 else "INDIVIDUAL",
                medium=rng.weighted_choice(_MEDIUM),
                language=builder.language,
                notice_sent=sent,
                notice_method=method,
                notice_address=None if address is None else address.n,
                represented=builder.represented,
                juvenile_docket=minor,
                juvenile_code=None if rng.chance(0.1) else "UJ" if minor else "J1",
            )
        )

    def attend(self) -> None:
        """One or two hearings nobody missed, the last perhaps still to come; seldom one moved."""
        builder, rng = self.builder, self.builder.rng
        earliest = self.filed.occurred
        hours = builder.locality_at(earliest).hours_behind_utc
        before: HearingSet | None = None
        for _ in range(2 if rng.chance(0.4) else 1):
            hearing_at = _hearing_between(rng, earliest + 45 * DAY, earliest + 400 * DAY, hours)
            hearing = self.set_hearing(earliest, hearing_at, before)
            earliest, before = hearing_at, None
            if (
                rng.chance(0.15)
                and within_world(hearing.occurred + 20 * DAY)
                and hearing_at > hearing.occurred + 40 * DAY
            ):
                earliest, before = hearing.occurred + 20 * DAY, hearing
            elif rng.chance(0.008) and within_world(hearing_at):
                self._add_missed(hearing, "EOIR_ADAPTER", 0, "ADJOURNED_OTHER", "DELIVERED", "NOT_REQUESTED", False)
            if not within_world(earliest):
                return

    def miss(self, hearing_at: int) -> None:
        """A missed hearing, moved before at times; where it was adjourned, perhaps another one missed."""
        rng = self.builder.rng
        filed = self.filed.occurred
        before = None
        earliest = filed
        if hearing_at - filed > 60 * DAY and rng.chance(0.3):
            planned = hearing_at - rng.randint(0, 20) * DAY
            before = self.set_hearing(filed, planned)
            earliest = before.occurred + DAY
        hearing = self.set_hearing(earliest, hearing_at, before, late=True)
        outcome = self._missed(hearing)
        if not outcome.startswith("ADJOURNED") or not rng.chance(0.6) or not within_world(hearing_at + DAY):
            return
        hours = self.builder.locality_at(hearing_at).hours_behind_utc
        again = self.set_hearing(
            hearing_at + HOUR, _hearing_between(rng, hearing_at + 30 * DAY, hearing_at + 200 * DAY, hours)
        )
        if within_world(again.hearing_at + 2 * HOUR) and rng.chance(0.45):
            self._missed(again)

    def _missed(self, hearing: HearingSet) -> str:
        """The failure to appear as its recorders report it, with the order where one was made; the outcome."""
        builder, rng = self.builder, self.builder.rng
        quality = self._notice_quality(hearing)
        bad = quality in ("ADDRESS_DEFECTIVE", "NO_NOTICE_RECORD")
        outcome = rng.weighted_choice(_OUTCOMES_BAD_NOTICE if bad else _OUTCOMES)
        verified = rng.weighted_choice(_VERIFIED)
        ordered = hearing.hearing_at + rng.randint(10 * MINUTE, 90 * MINUTE)
        recorders = rng.weighted_choice(_RECORDERS)
        if outcome == "IN_ABSENTIA_ORDER":
            recorders = "both" if recorders == "orr" else recorders
            day = ordered // DAY + 180
            builder.add(
                OrderedInAbsentia(
                    n=builder.next_n,
                    occurred=ordered,
                    recorded=draw_recorded(rng, ordered, USUAL),
                    hearing=hearing.hearing,
                    court=hearing.court,
                    reopen_until=None if quality == "NO_NOTICE_RECORD" else day,
                    location_verified=verified,
                )
            )
        by_court: HearingMissed | None = None
        if recorders != "orr":
            by_court = self._add_missed(hearing, "EOIR_ADAPTER", ordered, outcome, quality, verified, True)
        after = ordered if by_court is None else by_court.recorded + HOUR
        if recorders == "orr" or (recorders == "both" and within_world(after)):
            self._add_missed(hearing, "ORR", after, outcome, quality, verified, True)
        return outcome

    def _add_missed(
        self,
        hearing: HearingSet,
        recorded_by: str,
        not_before: int,
        outcome: str,
        quality: str,
        verified: str,
        not_present: bool,
    ) -> HearingMissed:
        builder = self.builder
        locality = builder.locality_at(hearing.hearing_at)
        return builder.add(
            HearingMissed(
                n=builder.next_n,
                occurred=hearing.hearing_at,
                recorded=draw_recorded(builder.rng, hearing.hearing_at, USUAL, not_before),
                recorded_by=recorded_by,
                hearing=hearing.hearing,
                hearing_day=(hearing.hearing_at - locality.hours_behind_utc * HOUR) // DAY,
                court=hearing.court,
                area=locality.area,
                not_present=not_present,
                outcome=outcome,
                notice_quality=quality,
                location_verified=verified,
                represented=builder.represented,
                age=age_on(builder.birth, hearing.hearing_at // DAY),
            )
        )

    def _notice_quality(self, hearing: HearingSet) -> str:
        builder, rng = self.builder, self.builder.rng
        if hearing.notice_method == "NONE":
            return "NO_NOTICE_RECORD"
        if hearing.notice_method == "IN_PERSON":
            return "DELIVERED"
        used = next((fact for fact in builder.addresses if fact.n == hearing.notice_address), None)
        if used is None:
            return "RETURNED_MAIL"
        if used.address.finding is not TrueFinding.NONE:
            return "ADDRESS_DEFECTIVE" if rng.chance(0.8) else "RETURNED_MAIL"
        if builder.address_at(hearing.hearing_at) is not used:
            return "STALE_ADDRESS"
        return "DELIVERED" if rng.chance(0.92) else "RETURNED_MAIL"


def latest_filing(missed: int) -> int:
    """By when a filing must be accepted for a hearing to be missed at `missed`."""
    return missed - _FILED_TO_MISSED
