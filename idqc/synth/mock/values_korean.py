"""Made-up values of Korean documents. Resident numbers fail their checksum on purpose: no living person has one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from idqc.synth.mock.draws import AS_OF, add_years, between, chance, day_between, digits, letters, pick, weighted
from idqc.synth.mock.korea import (
    BUILDINGS,
    GIVEN_FEMALE,
    GIVEN_MALE,
    HANJA,
    POLICE,
    REGIONS,
    ROAD_SYLLABLES,
    ROMAN,
    SURNAMES,
)

_CHECK_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
LICENCE_CLASSES = (
    ("1종보통", 6.0), ("2종보통", 6.0), ("1종대형", 2.0), ("2종소형", 1.0), ("1종특수", 0.7), ("2종원자", 0.7),
    ("1종 보통", 1.2), ("2종 보통", 1.2), ("2종보통(자동)", 0.6), ("1종대형 1종보통", 0.7),
    ("1종보통 2종소형", 0.7), ("1종 대형", 0.5), ("2종 소형", 0.4), ("원동기", 0.3),
)  # fmt: skip


@dataclass(frozen=True)
class KoreanPerson:
    """Who a Korean card is about. `sex` is M or F; `hanja` is the name in Hanja, one character a syllable."""

    surname: str
    given: str
    hanja: str
    sex: str
    birth: date

    @property
    def name(self) -> str:
        return self.surname + self.given

    @property
    def roman_surname(self) -> str:
        return ROMAN[self.surname].upper()

    @property
    def roman_given(self) -> str:
        return "".join(ROMAN[s] for s in self.given).upper()


def korean_person(rng: np.random.Generator) -> KoreanPerson:
    """A person of 21 to 90 years."""
    surname = weighted(rng, SURNAMES)
    sex = pick(rng, "MF")
    syllables = GIVEN_MALE if sex == "M" else GIVEN_FEMALE
    count = weighted(rng, ((2, 0.93), (1, 0.05), (3, 0.02)))
    given = "".join(pick(rng, syllables) for _ in range(count))
    hanja = "".join(pick(rng, HANJA.get(s, "仁")) for s in surname + given)
    oldest, youngest = add_years(AS_OF, -90), add_years(AS_OF, -21)
    return KoreanPerson(surname, given, hanja, sex, day_between(rng, oldest, youngest))


def resident_number(rng: np.random.Generator, person: KoreanPerson) -> str:
    """Like 711231-1234567; the front is the birth date, the seventh digit sex and century, the checksum wrong."""
    century = {("M", 19): "1", ("F", 19): "2", ("M", 20): "3", ("F", 20): "4"}[person.sex, person.birth.year // 100]
    body = person.birth.strftime("%y%m%d") + century + digits(rng, 5)
    right = (11 - sum(int(d) * w for d, w in zip(body, _CHECK_WEIGHTS, strict=True)) % 11) % 10
    last = (right + int(rng.integers(1, 10))) % 10
    return f"{body[:6]}-{body[6:]}{last}"


def address_words(rng: np.random.Generator) -> list[str]:
    """A road-name address as words, to be broken into lines: 서울특별시 강남구 가람로 123, 101동 1203호 (역삼동, …)."""
    province, districts, towns = pick(rng, REGIONS)
    district = pick(rng, districts)
    road = "".join(pick(rng, ROAD_SYLLABLES) for _ in range(weighted(rng, ((2, 0.75), (3, 0.25)))))
    kind = weighted(rng, (("로", 0.5), ("길", 0.15), ("대로", 0.1), ("로길", 0.25)))
    if kind == "로길":
        kind = f"로{int(rng.integers(1, 120))}{pick(rng, ('길', '번길', '가길', '나길'))}"
    number = str(int(rng.integers(1, 900)))
    if chance(rng, 0.3):
        number += f"-{int(rng.integers(1, 60))}"
    words = [province, *district.split(), road + kind]
    town = pick(rng, towns)
    if chance(rng, 0.6):
        building = "".join(pick(rng, ROAD_SYLLABLES) for _ in range(2)) + pick(rng, BUILDINGS)
        flat = f"{int(rng.integers(101, 130))}동" if chance(rng, 0.75) else f"{pick(rng, 'ABC가나다')}동"
        words += [f"{number},", flat, f"{int(rng.integers(1, 30))}{int(rng.integers(1, 9)):02d}호"]
        words += [f"({town},", f"{building})"] if chance(rng, 0.8) else [f"({town})"]
    else:
        words += [number]
        if chance(rng, 0.4):
            words[-1] += ","
            words += [f"{int(rng.integers(1, 6))}0{int(rng.integers(1, 9))}호"]
        words += [f"({town})"]
    return words


def resident_issuer(rng: np.random.Generator) -> str:
    """The mayor who issued the card, like 서울특별시 강남구청장."""
    province, districts, _ = pick(rng, REGIONS)
    district = pick(rng, districts)
    if district.endswith("구") and " " not in district:
        return f"{province} {district}청장"
    city = district.split()[0]
    return f"{province} {city}{'수' if city.endswith('군') else '장'}" if city != province else f"{province}장"


def police_issuer(rng: np.random.Generator) -> str:
    """The police office that issued the licence, like 서울특별시경찰청장."""
    return pick(rng, POLICE) + pick(rng, ("경찰청장", "경찰청장", "경찰청장", "지방경찰청장"))


def licence_number(rng: np.random.Generator, issued: date) -> str:
    """Like 11-12-345678-90: region, year, serial, check."""
    return f"{int(rng.integers(11, 29))}-{issued.year % 100:02d}-{digits(rng, 6)}-{digits(rng, 2)}"


def licence_serial(rng: np.random.Generator) -> str:
    """The security serial beside the small portrait: six capitals and digits."""
    return letters(rng, 6, "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789")


def licence_dates(rng: np.random.Generator, person: KoreanPerson, expired: bool) -> tuple[date, date, date]:
    """Issue date, first and last day of the renewal period. Expired: the last day lies before AS_OF."""
    adult = add_years(person.birth, 18)
    if expired:
        last = date(int(rng.integers(max(2012, adult.year + 1), AS_OF.year)), 12, 31)
    else:
        last = date(int(rng.integers(AS_OF.year, AS_OF.year + 11)), 12, 31)
    first = date(last.year, 1, 1)
    issued = day_between(rng, max(adult, date(last.year - 10, 1, 1)), min(AS_OF, last - timedelta(days=300)))
    return issued, first, last


def resident_issue_date(rng: np.random.Generator, person: KoreanPerson) -> date:
    """A day between the 17th birthday (not before the plastic card of 1999) and AS_OF."""
    return day_between(rng, max(add_years(person.birth, 17), date(1999, 5, 1)), AS_OF - timedelta(days=3))


def korean_date(day: date, style: str) -> str:
    """A date in one of KOREAN_DATE_STYLES."""
    if style == "loose":
        return f"{day.year}. {day.month}. {day.day}."
    if style == "tight":
        return f"{day.year}.{day.month}.{day.day}."
    if style == "padded":
        return f"{day.year}.{day.month:02d}.{day.day:02d}."
    if style == "open":
        return f"{day.year}.{day.month:02d}.{day.day:02d}"
    return f"{day.year}. {day.month:02d}. {day.day:02d}."


KOREAN_DATE_STYLES = ("loose", "tight", "padded", "open", "loose_padded")


def size_jitter(rng: np.random.Generator) -> float:
    """How much larger or smaller than its layout's size a card's printer set the text."""
    return between(rng, 0.96, 1.03)
