"""The rules that every life obeys: each function takes one life and asserts one rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import TypeVar

from casefeed.contract import codes
from synthetic_world import calibration as cal
from synthetic_world.addresses import PROGRAMS
from synthetic_world.days import DAY, age_on, birthday, end_of
from synthetic_world.lives import (
    AddressChanged,
    AddressFact,
    Fact,
    HearingMissed,
    HearingSet,
    LeftSponsor,
    Life,
    Locality,
    Located,
    NtaFiling,
    NtaIssuance,
    NtaService,
    OrderedInAbsentia,
    Placed,
    RanAway,
    Transferred,
    TurnedEighteen,
)

F = TypeVar("F", bound=Fact)
PROGRAM_LOCALITIES = dict(PROGRAMS)


def of(life: Life, kind: type[F]) -> list[F]:
    """The facts of one kind in the order of occurrence."""
    return sorted((fact for fact in life.facts if isinstance(fact, kind)), key=lambda fact: fact.occurred)


def numbered(life: Life) -> dict[int, Fact]:
    """The facts by number."""
    return {fact.n: fact for fact in life.facts}


def recorded_after_it_came_about_and_by_the_last_day(life: Life) -> None:
    """recorded_at is never before occurred_at and never after the last day."""
    assert all(fact.occurred <= fact.recorded <= cal.LAST_MS for fact in life.facts)
    assert sorted(fact.n for fact in life.facts) == list(range(len(life.facts)))


def what_is_named_was_written_down_before(life: Life) -> None:
    """A fact that names another one is recorded later than it, of whatever kind it is."""
    facts = numbered(life)
    for fact in life.facts:
        for name in ("previous", "release", "closes", "address_used", "notice_address"):
            n = getattr(fact, name, None)
            if n is not None:
                assert facts[n].recorded < fact.recorded
                assert isinstance(facts[n], RanAway | LeftSponsor if name == "closes" else AddressFact)


def arrivals_keep_their_clocks(life: Life) -> None:
    """Apprehended, determined, told to ORR and handed over follow one another; the first by FY2023's end."""
    arrivals = of(life, Transferred)
    for fact in arrivals:
        assert fact.apprehended < fact.determined <= fact.notified < fact.occurred
    assert arrivals[0].occurred <= end_of("2023-09-30")
    assert all(fact.apprehending_agency == "ICE_ERO" for fact in arrivals[1:])


def nothing_but_the_notice_comes_before_the_arrival(life: Life) -> None:
    """Only a Notice written or served at the border lies before the first arrival, and not before that."""
    arrival = of(life, Transferred)[0]
    for fact in life.facts:
        if isinstance(fact, NtaIssuance | NtaService):
            assert fact.occurred > arrival.apprehended
        else:
            assert fact.occurred >= arrival.occurred


def placed_as_a_minor_after_arriving(life: Life) -> None:
    """A placement follows an arrival and comes before the eighteenth birthday."""
    for placement in of(life, Placed):
        assert placement.occurred // DAY < birthday(life.child.birth, 18)


def notices_are_issued_then_served_then_filed(life: Life) -> None:
    """No service of a Notice before its issue, no filing before its service, each Notice issued once."""
    issued = {fact.nta: fact.occurred for fact in of(life, NtaIssuance)}
    assert len(issued) == len(of(life, NtaIssuance))
    served = {fact.nta: fact.occurred for fact in of(life, NtaService)}
    assert len(served) == len(of(life, NtaService))
    assert all(issued[nta] < moment for nta, moment in served.items())
    assert all(served[fact.nta] < fact.occurred for fact in of(life, NtaFiling))


def one_filing_is_accepted_and_then_no_more(life: Life) -> None:
    """A rejected filing may be made again; after an accepted one there is none."""
    answers = [fact.accepted for fact in of(life, NtaFiling)]
    assert answers.count(True) <= 1
    assert True not in answers[:-1]


def hearings_follow_an_accepted_filing(life: Life) -> None:
    """No hearing of a Notice is set before its filing was accepted, and it is held at that court, later."""
    accepted = {fact.nta: fact for fact in of(life, NtaFiling) if fact.accepted}
    for hearing in of(life, HearingSet):
        filed = accepted[hearing.nta]
        assert filed.occurred <= hearing.occurred <= hearing.hearing_at - 10 * DAY
        assert hearing.court == filed.court
        assert hearing.language == life.child.language


def hearing_notices_are_sent_before_they_are_recorded(life: Life) -> None:
    """A notice that is recorded as sent had been sent; where there is none there is no time and no address."""
    for hearing in of(life, HearingSet):
        if hearing.notice_method == "NONE":
            assert hearing.notice_sent is hearing.notice_address is None
        else:
            assert hearing.notice_sent is not None
            assert hearing.occurred <= hearing.notice_sent <= hearing.recorded
            assert hearing.notice_sent < hearing.hearing_at


def a_moved_hearing_names_an_earlier_one_and_is_not_missed(life: Life) -> None:
    """What takes the place of a hearing is set later; nobody fails to appear at a hearing that was moved."""
    hearings = {fact.hearing: fact for fact in of(life, HearingSet)}
    assert len(hearings) == len(of(life, HearingSet))
    moved = {fact.supersedes for fact in hearings.values()} - {None}
    for fact in hearings.values():
        if fact.supersedes is not None:
            assert hearings[fact.supersedes].occurred < fact.occurred
    assert not moved & {fact.hearing for fact in of(life, HearingMissed)}


def a_failure_is_of_a_hearing_that_was_set(life: Life) -> None:
    """A failure to appear is at its hearing's time and court, the day being the court's own."""
    hearings = {fact.hearing: fact for fact in of(life, HearingSet)}
    for missed in of(life, HearingMissed):
        hearing = hearings[missed.hearing]
        assert missed.occurred == hearing.hearing_at
        assert missed.court == hearing.court
        assert 0 <= missed.occurred // DAY - missed.hearing_day <= 1
        assert missed.age == age_on(life.child.birth, missed.occurred // DAY)


def orders_in_absentia_belong_to_failures(life: Life) -> None:
    """An order follows a missed hearing whose outcome says so, and every such outcome has its order."""
    ordered = {fact.hearing: fact for fact in of(life, OrderedInAbsentia)}
    said = {fact.hearing: fact for fact in of(life, HearingMissed) if fact.outcome == "IN_ABSENTIA_ORDER"}
    assert set(ordered) == set(said)
    for hearing, order in ordered.items():
        assert order.occurred > said[hearing].occurred
        assert order.location_verified == said[hearing].location_verified


def both_tellers_tell_the_same_failure(life: Life) -> None:
    """ORR's telling of a failure is the court's, recorded later; one telling a teller."""
    by_hearing: dict[str, dict[str, HearingMissed]] = {}
    for fact in of(life, HearingMissed):
        assert fact.recorded_by not in by_hearing.setdefault(fact.hearing, {})
        by_hearing[fact.hearing][fact.recorded_by] = fact
    for tellings in by_hearing.values():
        if len(tellings) == 2:
            orr, court = tellings["ORR"], tellings["EOIR_ADAPTER"]
            assert orr.recorded > court.recorded
            assert (orr.occurred, orr.outcome, orr.not_present) == (court.occurred, court.outcome, court.not_present)


def the_right_person_is_served(life: Life) -> None:
    """Under 14 the adult is served (8 CFR 103.8(c)(2)(ii)), the sponsor only after a placement; age is right."""
    placements = of(life, Placed)
    for fact in of(life, NtaService):
        assert fact.age == age_on(life.child.birth, fact.occurred // DAY)
        adults = {"SPONSOR_OR_ADULT_RESIDING", "CARE_PROVIDER"} & set(fact.served_on)
        if fact.age < 14:
            assert adults
        if "SPONSOR_OR_ADULT_RESIDING" in fact.served_on or fact.method == "REGULAR_MAIL":
            assert placements
            assert placements[0].occurred <= fact.occurred
        if fact.address_used is not None:
            assert numbered(life)[fact.address_used].occurred <= fact.occurred


def area_and_court_belong_to_the_county(life: Life) -> None:
    """Area, court, county and ZIP prefix of every address agree with the code lists."""
    for fact in of(life, AddressFact):
        locality = fact.address.locality
        assert codes.area_of_county(locality.county_fips) == locality.area
        assert codes.courts()[locality.court].area == locality.area
        assert fact.address.county_fips in (None, locality.county_fips)


def cases_lie_where_the_child_is(life: Life) -> None:
    """Court of filing and owning area are those of an address held before, or of the care program."""
    known = {PROGRAM_LOCALITIES[fact.program] for fact in of(life, Transferred)}
    for fact in of(life, NtaFiling):
        assert fact.court in {locality.court for locality in known | _places(life, fact.occurred)}
    for absence in of(life, RanAway):
        assert absence.area in {locality.area for locality in known}
    tellings: list[LeftSponsor | HearingMissed] = [*of(life, LeftSponsor), *of(life, HearingMissed)]
    for told in tellings:
        # A child who was never placed misses a hearing where its care program is.
        places = _places(life, told.occurred) or known
        assert told.area in {locality.area for locality in places}


def _places(life: Life, moment: int) -> set[Locality]:
    return {fact.address.locality for fact in of(life, AddressFact) if fact.occurred <= moment}


def moves_follow_a_placement(life: Life) -> None:
    """A move comes after a placement and follows an address that held before; the court's day fits."""
    facts = numbered(life)
    for fact in of(life, AddressChanged):
        previous = facts[fact.previous]
        assert previous.occurred <= fact.occurred
        assert fact.reported <= fact.recorded
        assert (fact.eoir33_filed == "YES") == (fact.eoir33_filed_day is not None)
        if fact.reason == "CORRECTION":
            assert previous.occurred == fact.occurred
        else:
            assert fact.release is None
            assert previous.occurred < fact.occurred


def corrections_lead_to_what_they_correct(life: Life) -> None:
    """The chain of a release address's corrections ends at its placement; recordings are strictly later."""
    facts = numbered(life)
    for fact in of(life, AddressChanged):
        if fact.release is not None:
            previous = facts[fact.previous]
            while isinstance(previous, AddressChanged):
                assert previous.reason == "CORRECTION"
                previous = facts[previous.previous]
            assert previous.n == fact.release


def the_last_correction_holds_for_one_placement_alone(life: Life) -> None:
    """No two corrections of a placement were recorded at the same moment, so which one holds is clear."""
    by_release = [(fact.release, fact.recorded) for fact in of(life, AddressChanged) if fact.release is not None]
    assert len(by_release) == len(set(by_release))


def absences_end_after_they_began(life: Life) -> None:
    """Who is located was absent: the absence named, or one that began before; runaways are found in care."""
    facts = numbered(life)
    absences = [*of(life, RanAway), *of(life, LeftSponsor)]
    for found in of(life, Located):
        began = [facts[found.closes]] if found.closes is not None else absences
        assert any(absence.occurred < found.occurred for absence in began)
    placements = of(life, Placed)
    for absence in of(life, RanAway):
        assert not placements or absence.occurred < placements[0].occurred
    for left in of(life, LeftSponsor):
        assert placements[0].occurred < left.occurred <= left.reported <= left.recorded
        assert left.occurred // DAY <= birthday(life.child.birth, 18)


def a_known_new_place_is_told_as_a_move(life: Life) -> None:
    """Where an absence says that the new place is known, a move of the child alone says which."""
    alone = {fact.occurred for fact in of(life, AddressChanged) if fact.reason == "CHILD_MOVED_ALONE"}
    assert {left.occurred for left in of(life, LeftSponsor) if left.whereabouts_known} == alone


def eighteen_on_the_birthday(life: Life) -> None:
    """A child turns 18 once, on the birthday; plans are made before and only in care."""
    turned = of(life, TurnedEighteen)
    assert len(turned) <= 1
    for fact in turned:
        assert fact.birthday == fact.occurred // DAY == birthday(life.child.birth, 18)
        if not of(life, Placed):
            assert fact.plan_made is not None
            assert fact.plan_updated is not None
            assert fact.plan_made <= fact.plan_updated < fact.occurred


def transfers_state_how_far_the_notice_had_come(life: Life) -> None:
    """What the papers said fits what had happened, where they said anything."""
    steps = ((NtaIssuance, "ISSUED"), (NtaService, "SERVED"), (NtaFiling, "FILED"))
    for arrival in of(life, Transferred):
        reached = "NOT_ISSUED"
        for kind, word in steps:
            done: Iterable[Fact] = of(life, kind)
            if any(f.occurred <= arrival.occurred and getattr(f, "accepted", True) for f in done):
                reached = word
        assert arrival.nta_status in (reached, "UNKNOWN")


def stays_do_not_overlap(life: Life) -> None:
    """A second placement needs a return into care: weeks lie between, with other sponsors."""
    for before, after in pairwise(of(life, Placed)):
        assert after.occurred - before.occurred > 70 * DAY
        assert before.sponsor.ref != after.sponsor.ref


RULES: tuple[Callable[[Life], None], ...] = (
    recorded_after_it_came_about_and_by_the_last_day,
    what_is_named_was_written_down_before,
    arrivals_keep_their_clocks,
    nothing_but_the_notice_comes_before_the_arrival,
    placed_as_a_minor_after_arriving,
    notices_are_issued_then_served_then_filed,
    one_filing_is_accepted_and_then_no_more,
    hearings_follow_an_accepted_filing,
    hearing_notices_are_sent_before_they_are_recorded,
    a_moved_hearing_names_an_earlier_one_and_is_not_missed,
    a_failure_is_of_a_hearing_that_was_set,
    orders_in_absentia_belong_to_failures,
    both_tellers_tell_the_same_failure,
    the_right_person_is_served,
    area_and_court_belong_to_the_county,
    cases_lie_where_the_child_is,
    moves_follow_a_placement,
    corrections_lead_to_what_they_correct,
    the_last_correction_holds_for_one_placement_alone,
    absences_end_after_they_began,
    a_known_new_place_is_told_as_a_move,
    eighteen_on_the_birthday,
    transfers_state_how_far_the_notice_had_come,
    stays_do_not_overlap,
)
