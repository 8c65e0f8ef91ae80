"""What text lines say: the recogniser's characters, and random lines of every kind that documents print."""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import TypeVar

import numpy as np

from idqc.synth.name_lists import words_by_locale

T = TypeVar("T")


def _ks_x_1001() -> str:
    rows = (bytes((high, low)) for high in range(0xB0, 0xC9) for low in range(0xA1, 0xFF))
    return "".join(pair.decode("euc-kr") for pair in rows)


SYLLABLES = _ks_x_1001()
"""The 2,350 Hangul syllables of KS X 1001, in its order."""

ACCENTED = (
    "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿ"
    "ĀāĂăĄąĆćČčĎďĐđĒēĖėĘęĚěĞğĢģĪīĮįİıĶķĹĺĻļĽľŁłŃńŅņŇňŌōŐőŒœŔŕŘřŚśŞşŠšŤťŪūŮůŰűŲųŴŵŶŷŸŹźŻżŽžȘșȚț"
)
"""Latin letters with accents that names and places in European documents use."""

ASCII = "".join(chr(code) for code in range(33, 127))
CHARSET = ASCII + ACCENTED + "·" + SYLLABLES + " "
"""The recogniser's classes after the CTC blank, in order; the space is the last."""


def _words(text: str) -> list[str]:
    return text.split()


_SURNAMES = (
    "김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남심노하곽성차주우구민진지엄채원천방공현함변염"
    "여추도소석선설마길연위표명기반왕금옥육인맹제모탁국어은편용"
)
_GIVEN = (
    "민서준우지현수영은혜진성호재윤아하율채원도연주경희미숙정태상철동규선빈나다라솔찬건승유예린시온가람슬기봄별"
    "새롬한결겸훈욱석환용복순자옥금례분임귀길남덕만병봉삼팔구"
)
_PROVINCES = _words(
    "서울특별시 부산광역시 대구광역시 인천광역시 광주광역시 대전광역시 울산광역시 세종특별자치시 경기도 "
    "강원특별자치도 강원도 충청북도 충청남도 전라북도 전북특별자치도 전라남도 경상북도 경상남도 "
    "제주특별자치도"
)
_DISTRICTS = _words(
    "강남구 서초구 송파구 종로구 중구 용산구 성동구 광진구 동대문구 중랑구 성북구 강북구 도봉구 노원구 "
    "은평구 서대문구 마포구 양천구 강서구 구로구 금천구 영등포구 동작구 관악구 해운대구 수영구 연제구 "
    "사상구 달서구 수성구 미추홀구 연수구 부평구 계양구 유성구 대덕구 울주군 수원시 성남시 고양시 용인시 "
    "부천시 안산시 안양시 남양주시 화성시 평택시 의정부시 파주시 김포시 춘천시 원주시 강릉시 청주시 "
    "충주시 천안시 아산시 전주시 군산시 익산시 목포시 여수시 순천시 포항시 경주시 구미시 창원시 진주시 "
    "김해시 양산시 제주시 서귀포시"
)
_ROAD_WORDS = _words(
    "테헤란 세종 강남 올림픽 중앙 시청 대학 백제 충무 월드컵 한강 소망 평화 은행나무 벚꽃 해맑은 달빛 새빛 가온 샛별"
)
_BUILDINGS = _words(
    "현대아파트 래미안 자이 푸르지오 힐스테이트 롯데캐슬 아이파크 빌라 주공아파트 오피스텔 하이츠 타운 맨션"
)
_OFFICES = _words("청장 시장 구청장 군수 지방경찰청장 경찰청장 경찰서장")
_MRZ_SURNAMES = _words("KIM LEE PARK CHOI JUNG KANG CHO YOON JANG LIM ERIKSSON VANDERBERG OBRIEN DASILVA MUELLER")
_NATIONS = _words(
    "KOR REPUBLIC OF KOREA USA DEU FRA ESP ITA POL CZE SVK SVN HRV ROU GRC FIN EST LVA LTU ALB AZE RUS SRB D UTO"
)
_MONTHS = _words("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC")
_WEIGHTS = (7, 3, 1)


def _pick(rng: np.random.Generator, items: Sequence[T]) -> T:
    return items[int(rng.integers(len(items)))]


def _digits(rng: np.random.Generator, count: int) -> str:
    return "".join(_pick(rng, string.digits) for _ in range(count))


def korean_name(rng: np.random.Generator) -> str:
    """A Korean name of two to four syllables, now and then with rare syllables or a space between the letters."""
    pool = SYLLABLES if rng.random() < 0.15 else _GIVEN
    name = _pick(rng, _SURNAMES) + "".join(_pick(rng, pool) for _ in range(int(rng.choice([1, 2, 2, 2, 2, 3]))))
    return " ".join(name) if rng.random() < 0.15 else name


def _rare(rng: np.random.Generator, count: int) -> str:
    return "".join(_pick(rng, SYLLABLES) for _ in range(count))


def syllables(rng: np.random.Generator) -> str:
    """Random KS X 1001 syllables, in words: what makes the recogniser know the rare ones."""
    count = int(rng.integers(3, 11))
    text = _rare(rng, count)
    cut = int(rng.integers(1, count))
    return f"{text[:cut]} {text[cut:]}" if rng.random() < 0.3 else text


def address(rng: np.random.Generator) -> str:
    """One line of a Korean address: region, road and number, or building, in any of the ways that a line breaks."""
    road = _pick(rng, _ROAD_WORDS) if rng.random() < 0.3 else _rare(rng, int(rng.integers(1, 4)))
    road += _pick(rng, ["로", "길", "대로", f"로{_digits(rng, 2)}번길", f"로 {_digits(rng, 1)}길", "동", "리", "가"])
    number = str(int(rng.integers(1, 400))) + (f"-{int(rng.integers(1, 90))}" if rng.random() < 0.3 else "")
    head = f"{_pick(rng, _PROVINCES)} {_pick(rng, _DISTRICTS)}"
    unit = f"{int(rng.integers(101, 130))}동 {int(rng.integers(101, 2600))}호"
    building = _rare(rng, 2) + _pick(rng, _BUILDINGS)
    parts = [head, road, number, f"({_rare(rng, 2)}동, {building})", unit]
    first = int(rng.integers(0, 4))
    return " ".join(parts[first : first + int(rng.integers(1, 4))])


def issuer(rng: np.random.Generator) -> str:
    """An issuing office as it is printed on Korean cards."""
    place = _pick(rng, _PROVINCES) if rng.random() < 0.5 else f"{_pick(rng, _PROVINCES)} {_pick(rng, _DISTRICTS)}"
    return place + _pick(rng, ["", *_OFFICES])


def korean_words(rng: np.random.Generator) -> str:
    """Printed words of cards: titles, captions, licence classes."""
    words = _words(
        "주민등록증 자동차운전면허증 운전면허증 대한민국 여권 1종보통 2종보통 1종대형 2종소형 "
        "원동기장치자전거 적성검사 갱신기간 조건 면허번호 성명 이름 주소 발급일 생년월일 국적 성별 유효기간 "
        "외교부 견본 기간만료일 발행관청 한글성명"
    )
    return " ".join(_pick(rng, words) for _ in range(int(rng.integers(1, 3))))


def random_date(rng: np.random.Generator) -> str:
    """A date in any of the layouts that documents use."""
    day = date(1930, 1, 1) + timedelta(days=int(rng.integers(0, 43_000)))
    y, m, d = day.year, day.month, day.day
    month = _MONTHS[m - 1]
    forms = [
        f"{y}.{m:02}.{d:02}", f"{y}. {m}. {d}.", f"{y}.{m}.{d}.", f"{y}. {m:02}. {d:02}", f"{d:02}.{m:02}.{y}",
        f"{y}-{m:02}-{d:02}", f"{d:02}/{m:02}/{y}", f"{d:02} {month} {y}", f"{d:02} {month}/{month} {y}",
        f"{d:02} {m:02} {y}", f"{d:02} {m}월/{month} {y}", f"{d:02} {month} {y % 100:02}", f"{y}년 {m}월 {d}일",
        f"{y}. {m}. {d}.~{y + 1}. 12. 31.", f"{y}.{m:02}.{d:02} ~ {y + 10}.{m:02}.{d:02}",
        f"{d:02} {month.capitalize()} {y}",
    ]  # fmt: skip
    return _pick(rng, forms)


def number(rng: np.random.Generator) -> str:
    """A resident number, licence number or document number; fictional, without any meaning in its digits."""
    birth = (date(1940, 1, 1) + timedelta(days=int(rng.integers(0, 30_000)))).strftime("%y%m%d")
    letters = "".join(_pick(rng, string.ascii_uppercase) for _ in range(2))
    either = string.ascii_uppercase + string.digits
    mixed = "".join(_pick(rng, either) for _ in range(int(rng.integers(5, 11))))
    licence = f"{int(rng.integers(11, 29))}-{_digits(rng, 2)}-{_digits(rng, 6)}-{_digits(rng, 2)}"
    forms = [
        f"{birth}-{_digits(rng, 7)}", f"{birth}-{_digits(rng, 7)}", licence, f"M{_digits(rng, 8)}",
        f"M{_digits(rng, 3)}{letters[0]}{_digits(rng, 4)}", letters + _digits(rng, 7), _digits(rng, 9), mixed, mixed,
        letters[0] + _digits(rng, 6) + letters[1], f"{_digits(rng, 6)}/{_digits(rng, 4)}",
        f"{_digits(rng, 3)} {_digits(rng, 4)} {_digits(rng, 2)}",
    ]  # fmt: skip
    return _pick(rng, forms)


def european_words(rng: np.random.Generator) -> str:
    """Names of people or towns of one language, in capitals or as they are written in a letter."""
    pool = _pick(rng, words_by_locale())
    words = [_pick(rng, pool) for _ in range(int(rng.choice([1, 2, 3], p=[0.5, 0.4, 0.1])))]
    text = _pick(rng, [" ", " ", " ", "-", "/", ", "]).join(words)
    return text.upper() if rng.random() < 0.6 else text


def latin(rng: np.random.Generator) -> str:
    """Latin names, towns, nations, sexes and random words with accents, in capitals or in mixed case."""
    choice = rng.random()
    if choice < 0.6:
        text = european_words(rng)
    elif choice < 0.66:
        text = " ".join(_pick(rng, _NATIONS) for _ in range(int(rng.integers(1, 4))))
    elif choice < 0.71:
        text = _pick(rng, ["M", "F", "X", "M/M", "F/F", "M/Ж", "여/F", "남/M", "F / W", "K/F"])
    else:
        pool = string.ascii_uppercase if rng.random() < 0.6 else string.ascii_lowercase
        pool += ACCENTED if rng.random() < 0.6 else ""
        text = "".join(_pick(rng, pool) for _ in range(int(rng.integers(3, 12))))
        text = text if rng.random() < 0.5 else text.capitalize()
    return "".join(character for character in text if character in CHARSET)


def ascii_mix(rng: np.random.Generator) -> str:
    """Printable ASCII of every sort, so that no key of the keyboard is forgotten."""
    return "".join(_pick(rng, ASCII) for _ in range(int(rng.integers(4, 14))))


def check_digit(text: str) -> str:
    """The check digit of ICAO Doc 9303 part 3 over A-Z, 0-9 and the filler."""
    values = [0 if c == "<" else int(c, 36) for c in text]
    return str(sum(value * _WEIGHTS[i % 3] for i, value in enumerate(values)) % 10)


def _capitals(rng: np.random.Generator, low: int, high: int) -> str:
    return "".join(_pick(rng, string.ascii_uppercase) for _ in range(int(rng.integers(low, high))))


def mrz_lines(rng: np.random.Generator) -> list[str]:
    """The lines of a random MRZ with valid check digits: two of 44 (TD3) or three of 30 (TD1)."""
    surname = _pick(rng, _MRZ_SURNAMES) if rng.random() < 0.4 else _capitals(rng, 2, 11)
    surname = "".join(c for c in surname if c in string.ascii_uppercase) or "KIM"
    names = surname + "<<" + "<".join(_capitals(rng, 2, 9) for _ in range(int(rng.integers(1, 4))))
    state = _pick(rng, ["KOR", "KOR", "KOR", "UTO", "D<<", "USA", "FRA", "SRB", _capitals(rng, 3, 4)])
    korean = f"M{_digits(rng, 3)}{_capitals(rng, 1, 2)}{_digits(rng, 4)}"
    document = _pick(rng, ["M" + _digits(rng, 8), korean, _capitals(rng, 2, 3) + _digits(rng, 7)])[:9]
    birth = (date(1940, 1, 1) + timedelta(days=int(rng.integers(0, 30_000)))).strftime("%y%m%d")
    expiry = (date(2018, 1, 1) + timedelta(days=int(rng.integers(0, 7_000)))).strftime("%y%m%d")
    sex, optional = _pick(rng, "MF<"), _pick(rng, ["", _digits(rng, 7), _digits(rng, 7), _digits(rng, 14)])
    optional = optional.ljust(14, "<")
    document += check_digit(document)
    birth += check_digit(birth)
    expiry += check_digit(expiry)
    if rng.random() < 0.75:
        personal = optional + check_digit(optional)
        second = document + state + birth + sex + expiry + personal
        second += check_digit(document + birth + expiry + personal)
        return [("P" + _pick(rng, "<<<MN") + state + names).ljust(44, "<")[:44], second]
    first = ("I" + _pick(rng, "<D") + state + document).ljust(30, "<")
    second = (birth + sex + expiry + state).ljust(29, "<")
    composite = check_digit(first[5:30] + second[:7] + second[8:15] + second[18:29])
    return [first, second + composite, names.ljust(30, "<")[:30]]


def mrz(rng: np.random.Generator) -> str:
    """One MRZ line, or (six times in ten) a stretch of it: short lines train faster and teach the same letters."""
    line = _pick(rng, mrz_lines(rng))
    if rng.random() < 0.6:
        start = int(rng.integers(0, len(line) - 14))
        line = line[start : start + int(rng.integers(12, 24))]
    return line


KOREAN: tuple[tuple[Callable[[np.random.Generator], str], float], ...] = (
    (syllables, 0.45),
    (address, 0.27),
    (korean_name, 0.16),
    (issuer, 0.07),
    (korean_words, 0.05),
)
LATIN: tuple[tuple[Callable[[np.random.Generator], str], float], ...] = (
    (number, 0.26),
    (random_date, 0.2),
    (latin, 0.47),
    (ascii_mix, 0.07),
)


def random_text(rng: np.random.Generator, script: str) -> str:
    """A random line of `script`: hangul, latin or mrz."""
    if script == "mrz":
        return mrz(rng)
    kinds = KOREAN if script == "hangul" else LATIN
    maker = kinds[int(rng.choice(len(kinds), p=[share for _, share in kinds]))][0]
    return maker(rng)
