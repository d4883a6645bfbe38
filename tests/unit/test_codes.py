"""The code lists: total over their source, one meaning a code, and each with a source and a date."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from casefeed.contract import codes
from casefeed.contract.errors import ContractError, SchemaError
from casefeed.contract.resources import data_dir
from tests.code_lists import code_list_sources, code_lists

# Counties and equivalents by state, 2020 Census: 3,143 in the 50 states and DC; and Puerto Rico's municipios.
COUNTIES_OF_2020 = {
    "AL": 67, "AK": 30, "AZ": 15, "AR": 75, "CA": 58, "CO": 64, "CT": 8, "DE": 3, "DC": 1, "FL": 67,
    "GA": 159, "HI": 5, "ID": 44, "IL": 102, "IN": 92, "IA": 99, "KS": 105, "KY": 120, "LA": 64, "ME": 16,
    "MD": 24, "MA": 14, "MI": 83, "MN": 87, "MS": 82, "MO": 115, "MT": 56, "NE": 93, "NV": 17, "NH": 10,
    "NJ": 21, "NM": 33, "NY": 62, "NC": 100, "ND": 53, "OH": 88, "OK": 77, "OR": 36, "PA": 67, "RI": 5,
    "SC": 46, "SD": 66, "TN": 95, "TX": 254, "UT": 29, "VT": 14, "VA": 133, "WA": 39, "WV": 55, "WI": 72,
    "WY": 23, "PR": 78,
}  # fmt: skip

SPLIT_STATES = {
    "TX": {"DAL": 129, "HOU": 58, "SNA": 35, "ELP": 18, "HLG": 14},
    "CA": {"SFR": 49, "LOS": 7, "SND": 2},
    "NY": {"BUF": 48, "NYC": 14},
}


def header(file: Path) -> list[str]:
    with file.open(encoding="utf-8", newline="") as lines:
        return next(csv.reader(lines))


def schema_properties(node: object, name: str) -> Iterator[str]:
    """Every value of the property `name` anywhere in a parsed schema."""
    if isinstance(node, dict):
        if isinstance(node.get(name), str):
            yield node[name]
        for value in node.values():
            yield from schema_properties(value, name)
    elif isinstance(node, list):
        for item in node:
            yield from schema_properties(item, name)


def test_counties_are_total_over_the_2020_census() -> None:
    """Each state has as many counties as the 2020 Census counted there: 3,143 without Puerto Rico."""
    counted = Counter(county.state for county in codes.counties().values())
    assert counted == COUNTIES_OF_2020
    assert counted.total() - counted["PR"] == 3143


def test_a_county_code_starts_with_its_states_code() -> None:
    """Five digits, of which the first two are the same for a state and for no other state."""
    prefixes = {(fips[:2], county.state) for fips, county in codes.counties().items()}
    assert len({prefix for prefix, _ in prefixes}) == len({state for _, state in prefixes}) == len(prefixes)
    assert all(len(fips) == 5 and fips.isdigit() for fips in codes.counties())


@pytest.mark.parametrize("ended", ["02261", "46113", "51515", "02270", "09110"])
def test_a_county_code_of_another_year_is_refused(ended: str) -> None:
    """Codes that ended before 2020, and Connecticut's planning regions, have no area: nothing is guessed."""
    with pytest.raises(codes.UnknownCode):
        codes.area_of_county(ended)


def test_every_county_lies_in_an_area_and_every_area_has_counties() -> None:
    """25 areas, and each owns at least one county."""
    assert len(codes.areas()) == 25
    assert {county.area for county in codes.counties().values()} == set(codes.areas())


def test_only_three_states_are_split_between_areas() -> None:
    """Texas, California and New York are split by county, with the counts of the source; no other is."""
    split: dict[str, Counter[str]] = {}
    for county in codes.counties().values():
        split.setdefault(county.state, Counter())[county.area] += 1
    assert {state: areas for state, areas in split.items() if len(areas) > 1} == SPLIT_STATES


@pytest.mark.parametrize(
    ("fips", "area"),
    [
        ("48201", "HOU"),  # Harris
        ("48113", "DAL"),  # Dallas
        ("48029", "SNA"),  # Bexar
        ("48215", "HLG"),  # Hidalgo
        ("48141", "ELP"),  # El Paso
        ("06037", "LOS"),
        ("06073", "SND"),
        ("06075", "SFR"),
        ("36103", "NYC"),  # Suffolk, Long Island
        ("36029", "BUF"),  # Erie
        ("51059", "WAS"),
        ("72127", "MIA"),  # San Juan
    ],
)
def test_a_case_is_routed_by_county(fips: str, area: str) -> None:
    """The county decides which ERO area owns the case, also inside one state."""
    assert codes.area_of_county(fips) == area


def test_every_area_has_a_court_of_its_own_that_sits_for_the_free() -> None:
    """The default court of an area exists, lies in that area, and does not hear detained people only."""
    for code, area in codes.areas().items():
        court = codes.courts()[area.court]
        assert court.area == code
        assert not court.detained_only


def test_a_court_lies_where_its_area_is() -> None:
    """A court's area owns at least one county of the court's state."""
    places = {(county.state, county.area) for county in codes.counties().values()}
    assert [court.code for court in codes.courts().values() if (court.state, court.area) not in places] == []


def test_the_wrong_row_of_the_look_up_table_is_not_copied() -> None:
    """EOIR's table, as published, shows CLE as Arlington; it is Cleveland."""
    assert (codes.courts()["CLE"].city, codes.courts()["CLE"].state) == ("Cleveland", "OH")


@pytest.mark.parametrize("table", [codes.languages, codes.countries])
def test_an_eoir_code_means_one_thing(
    table: Callable[[], Mapping[str, codes.Language] | Mapping[str, codes.Country]],
) -> None:
    """No EOIR code stands for two languages, or for two countries."""
    counted = Counter(eoir for row in table().values() for eoir in row.eoir_codes)
    assert [eoir for eoir, times in counted.items() if times > 1] == []


def test_eoir_codes_are_not_iso_codes() -> None:
    """The letters agree and the meaning does not: EOIR's CAC is Kaqchikel, and HO is Honduras."""
    languages = codes.languages()
    assert "CAC" in languages["cak"].eoir_codes
    assert languages["cac"].eoir_codes == ("CHU", "CNM")
    assert codes.countries()["HND"].eoir_codes == ("HO",)
    assert codes.countries()["NER"].eoir_codes == ()


def test_the_languages_of_the_children_are_there() -> None:
    """Spanish, the Mayan languages that the calibration names, and their EOIR codes."""
    assert {"spa", "mam", "quc", "kek", "cac", "ixl", "kjb", "eng", "por", "hat"} <= set(codes.languages())
    assert all(language.eoir_codes for language in codes.languages().values())


def test_codes_have_the_shape_of_their_standard() -> None:
    """ISO 639-3 is three small letters; ISO 3166-1 (249 codes) and EOIR base cities three capitals."""
    assert all(len(code) == 3 and code.islower() for code in codes.languages())
    assert all(len(code) == 3 and code.isupper() for code in codes.countries())
    assert len(codes.countries()) == 249
    assert all(len(code) == 3 and code.isupper() for code in codes.courts())


@pytest.mark.parametrize(
    ("zip_code", "state"),
    [
        ("77002", "TX"),
        ("90012-1234", "CA"),
        ("00901", "PR"),
        ("20001", "DC"),
        ("20101", "VA"),  # not DC, though its neighbours are
        ("06390", "NY"),  # Fishers Island, in the midst of Connecticut's prefixes
        ("83414", "WY"),
        ("09005", "AE"),
        ("00000", None),
        ("7700", None),
        ("77002-1", None),
        ("7700a", None),
        ("٧٧٠٠٢", None),
        ("", None),
    ],
)
def test_a_zip_code_has_one_state_or_none(zip_code: str, state: str | None) -> None:
    """The prefix decides, unless the whole ZIP code is an exception; what is no ZIP code has no state."""
    assert codes.state_of_zip(zip_code) == state


def test_every_state_with_counties_has_zip_codes() -> None:
    """The address check can tell every state of the county list."""
    found = {codes.state_of_zip(f"{prefix:03}01") for prefix in range(1000)}
    assert {county.state for county in codes.counties().values()} <= found


def test_no_zip_prefix_has_two_states() -> None:
    """The ranges of zip3.csv do not overlap."""
    with (data_dir() / "codes" / "zip3.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    spans = [(len(r["first"]), n) for r in rows for n in range(int(r["first"]), int(r["last"]) + 1)]
    assert len(spans) == len(set(spans))


def test_every_column_of_every_list_has_one_source_with_a_date() -> None:
    """No code list is without source and date, and none has two."""
    named = Counter((source.file, column) for source in code_list_sources() for column in source.columns)
    folder = data_dir() / "codes"
    there = Counter((file.name, column) for file in folder.glob("*.csv") for column in header(file))
    assert named == there
    assert all(source.source and source.note and source.date.year >= 2026 for source in code_list_sources())


def test_what_is_assumed_is_marked_unverified() -> None:
    """The split of states between areas, and which court hears an area, are assumptions and say so."""
    standing = {source.name: source.verified for source in code_list_sources()}
    assert not standing["county_areas"]
    assert not standing["area_courts"]
    assert standing["counties"]


def test_every_list_that_a_schema_names_exists() -> None:
    """The `code_list` property of a field names a list of this module."""
    named = {
        name
        for file in (data_dir() / "avro").glob("*.avsc")
        for name in schema_properties(json.loads(file.read_text(encoding="utf-8")), "code_list")
    }
    assert named
    assert named <= set(code_lists())


def test_an_unknown_code_is_told_without_the_code() -> None:
    """The sentence says which list and where to look, and not the county: that is where a child lives."""
    with pytest.raises(codes.UnknownCode) as told:
        codes.area_of_county("09110")
    assert isinstance(told.value, ContractError)
    assert "counties.csv" in str(told.value)
    assert "09110" not in str(told.value)
    assert "areas.csv" in str(codes.UnknownCode("areas"))


def test_a_list_cannot_be_changed() -> None:
    """What is read is read-only, for everybody who reads it holds the same table."""
    with pytest.raises(TypeError):
        codes.areas()["XXX"] = codes.areas()["ATL"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("code,name,court\nATL,Atlanta,ATL\nATL,Atlantis,ATL\n", "twice"),
        ("code,court,name\nATL,ATL,Atlanta\n", "must have the columns"),
    ],
)
def test_a_broken_list_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, fault: str) -> None:
    """A code with two meanings, or columns out of place, stops the reader with the file's name."""
    (tmp_path / "codes").mkdir()
    (tmp_path / "codes" / "areas.csv").write_text(text, encoding="utf-8")
    monkeypatch.setattr(codes, "data_dir", lambda: tmp_path)
    codes.areas.cache_clear()
    try:
        with pytest.raises(SchemaError, match=rf"areas\.csv.*{fault}"):
            codes.areas()
    finally:
        codes.areas.cache_clear()
