"""Invented names of people and streets, tokens, and identifiers of the synthetic ranges (domain.md 4.14).

Names are put together from syllables: nobody's list of real children was read.
"""

from __future__ import annotations

from synthetic_world.rng import Permutation, Rng, digest

_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = [first + second for first in _BASE32 for second in _BASE32]
_GIVEN_HEADS = ("Al", "Bel", "Car", "Dan", "El", "Fer", "Gil", "Is", "Jo", "Lu", "Mar", "Nor", "Ros", "Sam", "Val")
_GIVEN_MIDDLES = ("", "be", "di", "mi", "ni", "ri", "sa", "ti")
_FEMALE_TAILS = ("ana", "ela", "ina", "isa", "ora", "ulia")
_MALE_TAILS = ("ando", "elio", "indo", "iro", "ovan", "uel")
_SURNAME_HEADS = ("Arb", "Bald", "Cald", "Cast", "Esc", "Fuent", "Gald", "Lor", "Mend", "Or", "Pal", "Quir", "Ver")
_SURNAME_TAILS = ("adero", "alor", "ejano", "eran", "ernal", "idor", "illero", "olano", "orena", "uesta")
_STREETS = tuple(
    f"{head} {tail}"
    for head in ("Larkmoor", "Tallow Fen", "Quillstone", "Ferrow", "Ambermill", "Copperhatch", "Wrenfold")
    for tail in ("St", "Ave", "Rd", "Ln", "Dr", "Ct")
)


def token(*key: object) -> str:
    """A token of 16 characters of lower-case base32: 80 bits that follow from the key."""
    bits = int.from_bytes(digest(*key, size=10))
    return "".join([_PAIRS[(bits >> shift) & 1023] for shift in range(70, -1, -10)])


def given_name(rng: Rng, *, female: bool) -> str:
    """An invented given name."""
    return (
        rng.choice(_GIVEN_HEADS) + rng.choice(_GIVEN_MIDDLES) + rng.choice(_FEMALE_TAILS if female else _MALE_TAILS)
    )


def surname(rng: Rng) -> str:
    """An invented family name, single or double."""
    first = rng.choice(_SURNAME_HEADS) + rng.choice(_SURNAME_TAILS)
    second = rng.choice(_SURNAME_HEADS) + rng.choice(_SURNAME_TAILS)
    return f"{first} {second}" if rng.chance(0.6) else first


def street(rng: Rng) -> str:
    """An invented street, without a house number."""
    return rng.choice(_STREETS)


def phone(rng: Rng) -> str:
    """A telephone number of the range kept for fiction, 555-0100 to 555-0199."""
    return f"{rng.randint(201, 989)}-555-01{rng.randint(0, 99):02}"


class Identifiers:
    """Numbers of the synthetic ranges, each child's its own at any scale."""

    def __init__(self, seed: int) -> None:
        self._aliens = Permutation(999_999, seed, "a-number")
        self._portal = Permutation(9_999_999, seed, "portal")

    def a_number(self, index: int) -> str:
        """An A-number of A000000001 to A000999999."""
        return f"A000{self._aliens(index) + 1:06}"

    def portal_id(self, index: int) -> str:
        """An ORR portal id, UCP-SYN- and seven digits."""
        return f"UCP-SYN-{self._portal(index) + 1:07}"
