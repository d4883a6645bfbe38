"""The figures the world is drawn from, each with where it comes from.

`PUBLISHED` and `REPORTED` figures are quoted from the two reports (OIG-24-46, OIG-25-21) or from public
series; an `ASSUMED` one is this project's own, because no source says it. docs/rooms/synthetic-world.md
lists the assumptions in words. Weights are whole numbers; only their ratio counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from synthetic_world.days import end_of
from synthetic_world.rng import Weighted


class Basis(StrEnum):
    """How a figure is known."""

    PUBLISHED = "a government page or form"
    REPORTED = "a secondary source, or from memory and not checked"
    ASSUMED = "an assumption of this project"


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of children at full scale, with its source."""

    children: int
    basis: Basis
    source: str


LAST_DAY = "2025-03-31"
LAST_MS = end_of(LAST_DAY)
COHORT = Figure(448_000, Basis.PUBLISHED, "OIG-24-46, OIG-25-21: transfers FY2019-2023")
DEFECTIVE = Figure(31_000, Basis.PUBLISHED, "OIG-25-21: release addresses")
NOT_SERVED_MAY_2024 = Figure(291_000, Basis.REPORTED, "OIG-24-46, as of May 2024")
NOT_SERVED_JAN_2025 = Figure(233_000, Basis.REPORTED, "OIG-25-21, as of January 2025")
FAILED_MAY_2024 = Figure(32_000, Basis.PUBLISHED, "OIG-24-46")
FAILED_OCT_2024 = Figure(43_000, Basis.REPORTED, "OIG-25-21, as of October 2024")
SERVED_AFTER_JAN_2025 = Figure(14_500, Basis.ASSUMED, "7,250 a month, the fall between the reports, goes on")
FAILED_AFTER_OCT_2024 = Figure(11_000, Basis.ASSUMED, "2,200 a month, the rise between the reports, goes on")

# Defects of the release address, blank / undeliverable / missing unit: no source splits them. ASSUMED.
DEFECT_SPLIT = (15, 35, 50)
# Odds of failing to appear at a defective address against any other. ASSUMED.
FAILURE_ODDS_DEFECTIVE = 3.0
# Of those failing after October 2024, per 100, how many had been served by May 2024. ASSUMED.
LATE_FAILURES_SERVED_EARLY = 60
# Children per 1,000 who are never placed with a sponsor: turned 18 in care, left in other ways. ASSUMED
# (2 to 4 per cent of exits are no placement).
AGED_OUT_IN_CARE = 22
OTHER_EXITS = 6
# Runaways from custody per 100,000 transfers, and per 100 of them those not found. ASSUMED (0.2 to 0.5 %).
RUNAWAYS = 350
RUNAWAYS_NOT_FOUND = 40
# Children per 1,000 who came with a brother or sister. ASSUMED.
SIBLINGS = 100

# Transfers by fiscal year: shape of ORR's referrals, scaled to the cohort. REPORTED.
FISCAL_YEARS = (
    ("2018-10-01", "2019-09-30", 68_353),
    ("2019-10-01", "2020-09-30", 15_130),
    ("2020-10-01", "2021-09-30", 120_726),
    ("2021-10-01", "2022-09-30", 126_798),
    ("2022-10-01", "2023-09-30", 116_995),
)
# Mean days in care by fiscal year: 2019 between HHS's 90 and 50, 2021-23 REPORTED, 2020 ASSUMED.
CARE_DAYS = (60, 55, 37, 30, 27)
LONGEST_CARE_DAYS = 140
# Quantiles of a lognormal with mean 1 and sigma 0.7, in thousandths, at 1/32 steps: a table and not exp(),
# so that every machine draws the same. ASSUMED.
CARE_SHAPE = (
    122, 212, 267, 311, 350, 386, 421, 455, 488, 522, 556, 591, 626, 663, 701, 741, 783,
    827, 874, 924, 978, 1037, 1102, 1174, 1255, 1348, 1456, 1587, 1751, 1969, 2291, 2883, 5010,
)  # fmt: skip

# Releases by state, the top ten of OIG-25-21. REPORTED.
TOP_STATES = (
    ("TX", 63_039),
    ("CA", 46_293),
    ("FL", 43_811),
    ("NY", 33_582),
    ("NJ", 23_075),
    ("MD", 21_976),
    ("VA", 21_431),
    ("GA", 17_769),
    ("NC", 17_032),
    ("TN", 16_355),
)

# Ages at referral, hhs.gov, October to November 2021, in thousandths as printed. PUBLISHED
AGES = (((0, 5), 20), ((6, 12), 141), ((13, 14), 135), ((15, 16), 368), ((17, 17), 337))
MALE = 0.65  # REPORTED
COUNTRIES = Weighted(  # REPORTED for FY2022; the rest is split by assumption
    (("GTM", 47), ("HND", 29), ("SLV", 13), ("MEX", 4), ("ECU", 3), ("NIC", 2), ("COL", 1), ("PER", 1))
)
MAYAN_OF_GUATEMALA = 0.32  # ASSUMED, so that Spanish is spoken by 85 of 100
MAYAN_LANGUAGES = Weighted((("mam", 35), ("quc", 25), ("kek", 15), ("kjb", 10), ("ixl", 8), ("cac", 7)))
SPONSOR_CATEGORIES = Weighted(  # categories 1 / 2 / 3 as 38 / 47 / 15; 2 split by assumption. REPORTED
    (("REUNIFIED_CAT1", 38), ("REUNIFIED_CAT2A", 20), ("REUNIFIED_CAT2B", 27), ("REUNIFIED_CAT3", 15))
)
RELATIONSHIPS = {
    "REUNIFIED_CAT1": Weighted((("MOTHER", 55), ("FATHER", 40), ("LEGAL_GUARDIAN", 5))),
    "REUNIFIED_CAT2A": Weighted((("GRANDPARENT", 40), ("AUNT_UNCLE", 35), ("SIBLING", 25))),
    "REUNIFIED_CAT2B": Weighted((("AUNT_UNCLE", 50), ("SIBLING", 40), ("GRANDPARENT", 10))),
    "REUNIFIED_CAT3": Weighted((("COUSIN", 45), ("OTHER_RELATIVE", 25), ("UNRELATED", 30))),
}

# Chances a year after release. ASSUMED (15 to 25 %, and 1 to 3 %).
MOVES_A_YEAR = 0.20
LEFT_SPONSOR_A_YEAR = 0.02
# Of children without a brother or sister who do not fail to appear: come back into care. ASSUMED.
BACK_IN_CARE = 0.045
# Of finally good and finally defective release addresses, those that were first written down otherwise. ASSUMED.
CORRECTED_TO_GOOD = 0.03
CORRECTED_GOOD_TO_GOOD = 0.015
CORRECTED_TO_DEFECTIVE = 0.10
CORRECTED_TWICE = 0.20
MOVES_CORRECTED = 0.05
DEFECTIVE_OTHERWISE = 0.07  # addresses that no figure counts: moves, second releases after January 2025

# Notices to Appear. ASSUMED.
ISSUED_NOT_SERVED = 0.25
SERVED_AND_FILED = 0.88
FILING_REJECTED = 0.08
REISSUED = 0.06
REPRESENTED = 0.60
REPRESENTED_OF_FAILING = 0.12

# Agreement profile on every event: the narrowest.
AGREEMENT_PROFILE = "narrowest"
