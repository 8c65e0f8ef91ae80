"""The machine-readable zone of a passport (TD3), ICAO Doc 9303 parts 3 and 4."""

from __future__ import annotations

import unicodedata
from datetime import date

_WEIGHTS = (7, 3, 1)
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_EXPANSIONS = {
    "Ä": "AE", "Å": "AA", "Æ": "AE", "Ö": "OE", "Ø": "OE", "Œ": "OE", "Ü": "UE", "ß": "SS", "Þ": "TH",
    "Ð": "D", "Đ": "D", "Ł": "L", "İ": "I", "I": "I", "Ə": "E", "Ñ": "N", "'": "", "’": "", ".": "",
}  # fmt: skip
LINE_LENGTH = 44


def check_digit(text: str) -> str:
    """The check digit of Doc 9303 part 3: values weighted 7, 3, 1, modulo 10; the filler counts 0."""
    total = sum(_WEIGHTS[i % 3] * max(_ALPHABET.find(c), 0) for i, c in enumerate(text))
    return str(total % 10)


def transliterate(name: str) -> str:
    """A name in the alphabet of the zone: A-Z and the filler, accents spelled out or dropped."""
    letters = []
    for letter in name.upper():
        if letter in _EXPANSIONS:
            letters.append(_EXPANSIONS[letter])
            continue
        plain = unicodedata.normalize("NFD", letter)[0]
        letters.append(plain if "A" <= plain <= "Z" else "<")
    return "".join(letters).strip("<")


def yymmdd(day: date) -> str:
    """A date as the zone writes it."""
    return day.strftime("%y%m%d")


def td3(
    code: str,
    country: str,
    surname: str,
    given_names: str,
    number: str,
    nationality: str,
    birth: date,
    sex: str,
    expiry: date,
    personal_number: str = "",
) -> tuple[str, str]:
    """The two lines of 44 characters, every check digit right. `sex` is M, F or X."""
    names = f"{transliterate(surname)}<<{transliterate(given_names)}"
    first = f"{code:<2}{country:<3}{names}".replace(" ", "<")[:LINE_LENGTH].ljust(LINE_LENGTH, "<")
    number_field = number.ljust(9, "<")[:9]
    optional = personal_number.ljust(14, "<")[:14]
    optional_check = check_digit(optional) if personal_number else "<"
    birth_text, expiry_text = yymmdd(birth), yymmdd(expiry)
    number_part = number_field + check_digit(number_field)
    birth_part = birth_text + check_digit(birth_text)
    expiry_part = expiry_text + check_digit(expiry_text)
    optional_part = optional + optional_check
    composite = check_digit(number_part + birth_part + expiry_part + optional_part)
    country_part = nationality.ljust(3, "<")
    sex_part = sex if sex in "MF" else "<"
    second = number_part + country_part + birth_part + sex_part + expiry_part + optional_part + composite
    return first, second
