"""The machine-readable zone of passports (TD3): parsing, check digits, and mending what optical reading confuses.

ICAO Doc 9303, parts 3 and 4.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from idqc.vocabulary import is_state_code

LINE_LENGTH = 44
MOST_BEFORE = 3
"""Characters that dirt before the first line may be read as."""
_WEIGHTS = (7, 3, 1)
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_TO_DIGIT = str.maketrans("OQDIZSBGLT", "0001258617")
_TO_LETTER = str.maketrans("01258647", "OIZSBGAT")
_DIGITS_AT = (9, *range(13, 20), *range(21, 28), 43)
_LETTERS_AT = (*range(10, 13), 20)
_BIRTH, _EXPIRY, _OPTIONAL = slice(13, 19), slice(21, 27), slice(28, 42)
OPTIONAL_DATA = range(28, 44)
"""Where the second line holds the optional data (a personal number) and the check digits over it."""


def check_digit(text: str) -> str:
    """The check digit over A-Z, 0-9 and the filler (which counts 0): values weighted 7, 3, 1, modulo 10."""
    return str(sum(_WEIGHTS[i % 3] * max(_ALPHABET.find(c), 0) for i, c in enumerate(text)) % 10)


@dataclass(frozen=True)
class Mrz:
    """A parsed zone. Dates are as printed, YYMMDD; `sex` is M, F or X; fillers are gone from names and numbers.

    `failed` names the wrong check digits: document_number, birth_date, expiry_date, personal_number, composite. With
    `number_mended` the document number's is right because a look-alike was exchanged to make it so: it proves nothing.
    """

    code: str
    issuer: str
    surname: str
    given_names: str
    document_number: str
    nationality: str
    birth_date: str
    sex: str
    expiry_date: str
    personal_number: str
    failed: tuple[str, ...]
    lines: tuple[str, str]
    number_mended: bool = False


def _cleaned(line: str) -> str:
    return re.sub(r"[^A-Z0-9<]", "<", re.sub(r"\s", "", line.upper()))


def _mended_first(line: str) -> str | None:
    """The first line at its length: readers miscount the long run of fillers at its end, and nothing else is lost."""
    starts = [at for at, c in enumerate(line[:MOST_BEFORE]) if c == "P"]
    if not starts or len(line) < 10:
        return None
    # What stands before the P is the page's edge or a crease, which may be read as another P. The state's code tells.
    start = next(
        (at for at in starts if is_state_code(line[at + 2 : at + 5].translate(_TO_LETTER).strip("<"))), starts[0]
    )
    line = line[start : start + 5] + line[start + 5 :].translate(_TO_LETTER)
    # A K or C among the last fillers is a filler that was misread, a single character behind them the page's edge.
    body = re.sub(r"<<<<[<KCLE]*[^<]?$", "", line).rstrip("<")
    return body.ljust(LINE_LENGTH, "<")[:LINE_LENGTH] if len(body) <= LINE_LENGTH else None


def _refilled(line: str) -> str | None:
    """The second line at its length, by lengthening or shortening the longest run of fillers in the optional data."""
    missing = LINE_LENGTH - len(line)
    if missing:
        runs = [m for m in re.finditer(r"<+", line) if m.start() >= OPTIONAL_DATA.start - max(missing, 0)]
        if not runs or abs(missing) > 6:
            return None
        longest = max(runs, key=lambda run: run.end() - run.start())
        count = longest.end() - longest.start() + missing
        if count < 1:
            return None
        line = line[: longest.start()] + "<" * count + line[longest.end() :]
    return line


def _mended_second(line: str) -> str | None:
    """The second line at its length and with digits where digits belong. A stray mark at one end reads as a character,
    so the line is tried without its first and its last as well; most right check digits win."""
    cuts = (line, line[1:], line[:-1], line[1:-1])
    tried = [(_with_digits(filled), len(cut)) for cut in cuts if (filled := _refilled(cut)) is not None]

    def doubts(one: tuple[str, int]) -> tuple[int, int]:
        failed = set(_failed(one[0]))
        # A misread number fails by its own digit and by the composite, a wrong cut by what follows as well.
        return len(failed - {"composite"} if "document_number" in failed else failed), abs(one[1] - LINE_LENGTH)

    return min(tried, key=doubts, default=("", 0))[0] or None


def _with_digits(line: str) -> str:
    characters = list(line)
    for place in _DIGITS_AT:
        characters[place] = characters[place].translate(_TO_DIGIT)
    for place in _LETTERS_AT:
        characters[place] = characters[place].translate(_TO_LETTER)
    return "".join(characters)


def _failed(line: str) -> tuple[str, ...]:
    """The names of the wrong check digits of a second line."""
    optional = line[_OPTIONAL]
    right = {
        "document_number": check_digit(line[:9]) == line[9],
        "birth_date": check_digit(line[_BIRTH]) == line[19],
        "expiry_date": check_digit(line[_EXPIRY]) == line[27],
        "personal_number": check_digit(optional) == line[42] or (line[42] == "<" and not optional.strip("<")),
        "composite": check_digit(line[:10] + line[13:20] + line[21:43]) == line[43],
    }
    return tuple(name for name, fits in right.items() if not fits)


def _mended_number(number: str, digit: str) -> str:
    """The document number as read when its check digit fits, otherwise the one mixing of look-alikes that fits."""
    if check_digit(number) == digit:
        return number
    fits = set()
    for place, character in enumerate(number):
        for other in {character.translate(_TO_DIGIT), character.translate(_TO_LETTER)} - {character}:
            tried = number[:place] + other + number[place + 1 :]
            if check_digit(tried) == digit:
                fits.add(tried)
    return fits.pop() if len(fits) == 1 else number


def parse_td3(text: str) -> Mrz | None:
    """Parses two lines (joined by a line end), mending lengths and look-alikes; None when they are no TD3 zone."""
    lines = [cleaned for line in text.splitlines() if len(cleaned := _cleaned(line)) >= 20]
    if len(lines) != 2:
        return None
    first, second = _mended_first(lines[0]), _mended_second(lines[1])
    if first is None or second is None:
        return None
    number = _mended_number(second[:9], second[9])
    mended = number != second[:9]
    second = number + second[9:]
    surname, _, given = first[5:].partition("<<")
    return Mrz(
        code=first[:2].strip("<"),
        issuer=first[2:5].strip("<"),
        surname=surname.replace("<", " ").strip(),
        given_names=given.replace("<", " ").strip(),
        document_number=second[:9].strip("<"),
        nationality=second[10:13].strip("<"),
        birth_date=second[_BIRTH],
        sex=second[20] if second[20] in "MF" else "X",
        expiry_date=second[_EXPIRY],
        personal_number=second[_OPTIONAL].strip("<"),
        failed=_failed(second),
        lines=(first, second),
        number_mended=mended,
    )
