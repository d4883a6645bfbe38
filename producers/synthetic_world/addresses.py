"""Real counties, and addresses in them, written well and badly, with what the sender's own check said of each.

Routing needs counties: each has a real city, its ZIP prefix and its court. The ERO area comes from the contract's
code list; a test holds county, state, ZIP prefix, area and court against those lists. Streets are invented
(`names.py`).

The finding is chosen first and the text made to fit. A defect is stated, or visible in the text, or both; a
text that looks fine can carry a stated defect, and a defect can go unchecked or wrongly stated as deliverable.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from casefeed.contract import codes
from synthetic_world import calibration as cal
from synthetic_world.calibration import TOP_STATES
from synthetic_world.lives import Address, Locality, TrueFinding
from synthetic_world.names import street
from synthetic_world.rng import Rng, Weighted

# Hours behind UTC, standard time all year (assumption: the courts' clocks do not move).
_HOURS = {
    "EASTERN": (5, "CT DC DE FL GA IN KY MA MD MI NC NJ NY OH PA RI SC VA"),
    "CENTRAL": (6, "AL AR IA IL KS LA MN MO MS NE OK SD TN TX WI"),
    "MOUNTAIN": (7, "AZ CO ID NM UT"),
    "PACIFIC": (8, "CA NV OR WA"),
}
_HOURS_OF_STATE = {state: hours for hours, states in _HOURS.values() for state in states.split()}

# County FIPS, state, city, first three digits of its ZIP codes, court.
_COUNTIES = """
48201 TX Houston 770 HOU
48157 TX Sugar Land 774 HOU
48339 TX Conroe 773 HOU
48113 TX Dallas 752 DAL
48439 TX Fort Worth 761 DAL
48085 TX Plano 750 DAL
48453 TX Austin 787 SNA
48029 TX San Antonio 782 SNA
48141 TX El Paso 799 ELP
48215 TX McAllen 785 HLG
48061 TX Brownsville 785 HLG
06037 CA Los Angeles 900 LOS
06037 CA Van Nuys 914 VNS
06059 CA Santa Ana 927 SNC
06071 CA San Bernardino 924 LOS
06065 CA Riverside 925 LOS
06001 CA Oakland 946 SFR
06075 CA San Francisco 941 SFR
06085 CA San Jose 951 SFR
06013 CA Concord 945 CCC
06067 CA Sacramento 958 SMO
06019 CA Fresno 937 SFR
06073 CA San Diego 921 SND
12086 FL Miami 331 MIA
12011 FL Fort Lauderdale 333 MIA
12099 FL West Palm Beach 334 MIA
12071 FL Fort Myers 339 MIA
12095 FL Orlando 328 ORL
12057 FL Tampa 336 ORL
12031 FL Jacksonville 322 ORL
36081 NY Jamaica 114 NYC
36047 NY Brooklyn 112 NYC
36005 NY Bronx 104 NYB
36059 NY Hempstead 115 NYC
36103 NY Brentwood 117 NYC
36119 NY Yonkers 107 NYB
36087 NY Spring Valley 109 NYB
36029 NY Buffalo 142 BUF
36055 NY Rochester 146 BUF
36001 NY Albany 122 BUF
34013 NJ Newark 071 NEW
34039 NJ Elizabeth 072 NEW
34017 NJ Union City 070 NEW
34031 NJ Paterson 075 NEW
34021 NJ Trenton 086 NEW
34023 NJ New Brunswick 089 NEW
24033 MD Hyattsville 207 HYA
24031 MD Silver Spring 209 HYA
24005 MD Dundalk 212 BAL
24510 MD Baltimore 212 BAL
24003 MD Annapolis 214 BAL
51059 VA Fairfax 220 ANN
51013 VA Arlington 222 WAS
51153 VA Woodbridge 221 WAS
51107 VA Leesburg 201 STE
51087 VA Richmond 232 WAS
13089 GA Decatur 300 ATL
13121 GA Atlanta 303 ATL
13135 GA Lawrenceville 300 ATL
13139 GA Gainesville 305 ATL
13313 GA Dalton 307 ATL
37119 NC Charlotte 282 CHL
37183 NC Raleigh 276 CHL
37081 NC Greensboro 274 CHL
37063 NC Durham 277 CHL
47037 TN Nashville 372 MEM
47157 TN Memphis 381 MEM
47093 TN Knoxville 379 MEM
47065 TN Chattanooga 374 MEM
22071 LA New Orleans 701 NOL
22051 LA Metairie 700 NOL
22033 LA Baton Rouge 708 NOL
25025 MA Boston 021 BOS
25017 MA Framingham 017 BOS
25009 MA Lynn 019 BOS
25005 MA New Bedford 027 BOS
09001 CT Bridgeport 066 HAR
09009 CT New Haven 065 HAR
44007 RI Providence 029 BOS
39049 OH Columbus 432 CLE
39061 OH Cincinnati 452 CLE
26163 MI Detroit 482 DET
26081 MI Grand Rapids 495 DET
17031 IL Chicago 606 CHI
17089 IL Aurora 605 CHI
17097 IL Waukegan 600 CHI
18097 IN Indianapolis 462 INP
55079 WI Milwaukee 532 CHI
21111 KY Louisville 402 CHI
20173 KS Wichita 672 KAN
29095 MO Kansas City 641 KAN
27053 MN Minneapolis 554 BLM
19153 IA Des Moines 503 OMA
31055 NE Omaha 681 OMA
46099 SD Sioux Falls 571 OMA
42101 PA Philadelphia 191 PHI
42077 PA Allentown 181 PHI
10005 DE Georgetown 199 PHI
45045 SC Greenville 296 CHL
45019 SC Charleston 294 CHL
01073 AL Birmingham 352 NOL
01095 AL Albertville 359 NOL
28049 MS Jackson 392 NOL
05143 AR Springdale 727 MEM
40109 OK Oklahoma City 731 DAL
08031 CO Denver 802 DEN
08005 CO Aurora 800 DEN
49035 UT Salt Lake City 841 SLC
32003 NV Las Vegas 891 LVG
04013 AZ Phoenix 850 PHO
04019 AZ Tucson 857 TUC
35001 NM Albuquerque 871 ELP
53033 WA Seattle 981 SEA
53077 WA Yakima 989 SEA
41051 OR Portland 972 POR
16001 ID Boise 837 SLC
11001 DC Washington 200 WAS
"""
_TOP = frozenset(state for state, _ in TOP_STATES)


def _locality(line: str) -> Locality:
    fips, state, *city, zip3, court = line.split()
    return Locality(
        county_fips=fips,
        state=state,
        city=" ".join(city),
        zip3=zip3,
        area=codes.area_of_county(fips),
        court=court,
        hours_behind_utc=_HOURS_OF_STATE[state],
    )


LOCALITIES = tuple(_locality(line) for line in _COUNTIES.strip().splitlines())
BY_STATE = {
    state: tuple(locality for locality in LOCALITIES if locality.state == state)
    for state in dict.fromkeys(locality.state for locality in LOCALITIES)
}
# States outside the report's ten and how many counties of theirs are here: their weight.
OTHER_STATES = dict(Counter(locality.state for locality in LOCALITIES if locality.state not in _TOP))

# ORR programs: code, and the place whose area and court a child in its care belongs to.
PROGRAMS = tuple(
    (f"PRG-{locality.state}-{number:02}", locality)
    for number, locality in enumerate(
        (locality for locality in LOCALITIES if locality.city in {
            "Houston", "San Antonio", "El Paso", "Brownsville", "Miami", "Phoenix", "Tucson", "Chicago",
            "Los Angeles", "San Diego", "Bronx", "Allentown", "Leesburg", "Portland",
        }),
        start=1,
    )
)  # fmt: skip
# ERO areas that hand children over, the border areas most often.
TRANSFERRING_AREAS = (
    "HLG",
    "HLG",
    "HLG",
    "HLG",
    "SNA",
    "SNA",
    "ELP",
    "ELP",
    "PHO",
    "PHO",
    "SND",
    "LOS",
    "HOU",
    "MIA",
)


_DEFECTS = Weighted(
    zip((TrueFinding.BLANK, TrueFinding.UNDELIVERABLE, TrueFinding.MISSING_UNIT), cal.DEFECT_SPLIT, strict=True)
)
_FINE = Weighted((("DELIVERABLE", 75), ("UNCHECKED", 22), ("AMBIGUOUS", 3)))
_UNNOTICED = Weighted((("UNCHECKED", 70), ("DELIVERABLE", 25), ("AMBIGUOUS", 5)))
_PLACEHOLDERS = ("", "", "", "UNKNOWN", "N/A", "TBD", "unknown", "NONE", "-", "NA")
_BARE_UNITS = ("APT", "UNIT", "STE", "RM", "FL", "#", "LOT")
_UNITS = ("APT", "UNIT", "LOT", "#")
_METHODS = Weighted((("USPS_STYLE", 60), ("MANUAL", 40)))


def any_defect(rng: Rng) -> TrueFinding:
    """One of the defects, by the assumed split."""
    return rng.weighted_choice(_DEFECTS)


def any_finding(rng: Rng) -> TrueFinding:
    """The finding of an address that no figure counts."""
    return any_defect(rng) if rng.chance(cal.DEFECTIVE_OTHERWISE) else TrueFinding.NONE


def other_finding(rng: Rng, finding: TrueFinding) -> TrueFinding:
    """A finding other than this one."""
    return any_defect(rng) if finding is TrueFinding.NONE else TrueFinding.NONE


def move_destination(rng: Rng, locality: Locality) -> Locality:
    """Where a family moves to: mostly the same county, else the same state, else anywhere."""
    far = rng.random()
    return locality if far < 0.6 else rng.choice(BY_STATE[locality.state] if far < 0.85 else LOCALITIES)


def write_address(rng: Rng, locality: Locality, finding: TrueFinding) -> Address:
    """An address in `locality` with exactly this finding."""
    match finding:
        case TrueFinding.NONE:
            return _fine(rng, locality, rng.weighted_choice(_FINE))
        case TrueFinding.BLANK:
            return _blank(rng, _fine(rng, locality, "DELIVERABLE"))
        case TrueFinding.UNDELIVERABLE:
            return _undeliverable(rng, _fine(rng, locality, "DELIVERABLE"))
        case TrueFinding.MISSING_UNIT:
            return _missing_unit(rng, _fine(rng, locality, "DELIVERABLE"))


def _fine(rng: Rng, locality: Locality, stated: str) -> Address:
    number = rng.randint(100, 9899)
    box = rng.chance(0.02)
    unit = f"{rng.choice(_UNITS)} {rng.randint(1, 40)}" if not box and rng.chance(0.35) else None
    four = f"-{rng.randint(1000, 9899)}" if rng.chance(0.1) else ""
    return Address(
        locality=locality,
        line1=f"PO BOX {number}" if box else f"{number} {street(rng)}",
        secondary_unit=unit,
        city=locality.city,
        state=locality.state,
        zip=f"{locality.zip3}{rng.randint(1, 60):02}{four}",
        county_fips=locality.county_fips,
        stated=stated,
        method="NONE" if stated == "UNCHECKED" else rng.weighted_choice(_METHODS),
        finding=TrueFinding.NONE,
    )


def _stated(rng: Rng, address: Address, stated: str) -> Address:
    method = "NONE" if stated == "UNCHECKED" else rng.weighted_choice(_METHODS)
    return replace(address, stated=stated, method=method)


def _blank(rng: Rng, fine: Address) -> Address:
    bare = replace(fine, line1=rng.choice(_PLACEHOLDERS), secondary_unit=None, finding=TrueFinding.BLANK)
    if rng.chance(0.5):
        bare = replace(bare, city="", state="", zip="", county_fips=None)
    return _stated(rng, bare, "BLANK" if rng.chance(0.5) else rng.weighted_choice(_UNNOTICED))


def _undeliverable(rng: Rng, fine: Address) -> Address:
    bad = replace(fine, finding=TrueFinding.UNDELIVERABLE)
    if rng.chance(0.3):
        return _stated(rng, bad, "UNDELIVERABLE")
    match rng.randint(0, 4):
        case 0:
            bad = replace(bad, line1=street(rng))
        case 1:
            bad = replace(bad, city="")
        case 2:
            bad = replace(bad, state="")
        case 3:
            bad = replace(bad, zip="")
        case _:
            elsewhere = rng.choice([locality for locality in LOCALITIES if locality.state != fine.state])
            bad = replace(bad, zip=f"{elsewhere.zip3}{fine.zip[3:]}")
    stated = (
        ("UNDELIVERABLE", "MISSING_UNIT")[rng.chance(0.1)] if rng.chance(0.4) else rng.weighted_choice(_UNNOTICED)
    )
    return _stated(rng, bad, stated)


def _missing_unit(rng: Rng, fine: Address) -> Address:
    bad = replace(
        fine, line1=f"{rng.randint(100, 9899)} {street(rng)}", secondary_unit=None, finding=TrueFinding.MISSING_UNIT
    )
    if rng.chance(0.4):
        return _stated(rng, bad, "MISSING_UNIT")
    if rng.chance(0.5):
        bad = replace(bad, line1=f"{bad.line1} {rng.choice(_BARE_UNITS)}")
    else:
        bad = replace(bad, secondary_unit=rng.choice(_BARE_UNITS))
    return _stated(rng, bad, "MISSING_UNIT" if rng.chance(0.4) else rng.weighted_choice(_UNNOTICED))
