"""Formats of fields, dates, the MRZ, masking, and the comparison of the two zones of a passport."""

from __future__ import annotations

from datetime import date

import pytest

from idqc.consistency import Consistency, Witness, compare, spellings
from idqc.dates import dates_in
from idqc.documents import document_types
from idqc.formats import FORMATS, check_format
from idqc.mrz import check_digit, parse_td3
from idqc.privacy import mask

FIRST = "P<UTOERIKSSON<<ANNA<MARIA".ljust(44, "<")
SECOND = "L898902C36UTO7408122F1204159ZE184226B<<<<<10"
ZONE = f"{FIRST}\n{SECOND}"
"""The specimen of ICAO Doc 9303 part 4."""


def test_every_format_of_the_document_types_is_known() -> None:
    used = {spec.format for kind in document_types().values() for spec in kind.fields.values()} - {None}
    assert used <= set(FORMATS)


@pytest.mark.parametrize(
    "text",
    [
        "2019.03.05",
        "2019. 3. 5.",
        "2019-03-05",
        "2019년 3월 5일",
        "05 MAR/MAR 2019",
        "05 MAR 2019",
        "05 3월/MAR 2019",
        "05 Mar 2019",
        "05.MAR.2019",
        "20190305",
        "05 MARS/MAR 2019",
        "2019.O3.05",
    ],
)
def test_one_day_in_many_spellings(text: str) -> None:
    result = check_format("date", text)
    assert result.ok
    assert result.value == "2019-03-05"
    assert result.dates == (date(2019, 3, 5),)


def test_look_alikes_in_month_names() -> None:
    assert check_format("date", "06 N0V 1973").value == "1973-11-06"
    assert check_format("date", "28 MA1/MAY 1945").value == "1945-05-28"
    assert check_format("date", "06 0ct 1986").value == "1986-10-06"


def test_a_date_with_two_meanings_keeps_both_the_latest_last() -> None:
    result = check_format("date", "05.03.2019")
    assert result.value == "2019-03-05"
    assert result.dates == (date(2019, 3, 5), date(2019, 5, 3))
    assert check_format("date", "13/05/2019").dates == check_format("date", "05/13/2019").dates == (date(2019, 5, 13),)


@pytest.mark.parametrize("text", ["2019.02.30", "hello", "2019.13.01", "12345", "05 XYZ 2019", "31.31.2019"])
def test_no_date(text: str) -> None:
    assert check_format("date", text).reason == "not_a_date"


def test_dates_keep_their_order() -> None:
    assert [m[0].year for m in dates_in("2031.01.01 ~ 2019-12-31")] == [2031, 2019]


def test_periods() -> None:
    good = check_format("date_period", "2029.01.01 ~ 2029.12.31")
    assert good.ok
    assert good.value == "2029-01-01/2029-12-31"
    assert good.dates[-1] == date(2029, 12, 31)
    assert check_format("date_period", "2029. 1. 1.~\n2029. 12. 31.").ok
    assert check_format("date_period", "2029.12.31~2029.01.01").reason == "period_ends_before_it_begins"
    assert check_format("date_period", "soon").reason == "not_a_period"


def test_resident_numbers_need_a_birth_date_and_no_check_digit() -> None:
    assert check_format("resident_number", "711231-1234567").dates == (date(1971, 12, 31),)
    assert check_format("resident_number", "051231-3234567").dates == (date(2005, 12, 31),)
    assert check_format("resident_number", "711231 - 1234567").value == "711231-1234567"
    assert check_format("resident_number", "711331-1234567").reason == "no_such_birth_date"
    assert check_format("resident_number", "050229-1234567").reason == "no_such_birth_date"
    assert check_format("resident_number", "711231-123456").reason == "not_13_digits"


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("korean_name", "홍 길 동", "홍길동"),
        ("korean_name", "홍길동(洪吉童)", "홍길동"),
        ("kr_license_number", "11-05-123456-78", "11-05-123456-78"),
        ("kr_license_number", "110512345678", "11-05-123456-78"),
        ("kr_license_number", "서울 05-123456-78", "11-05-123456-78"),
        ("latin_name", "GARCÍA-NÚÑEZ  DA SILVA", "GARCÍA-NÚÑEZ DA SILVA"),
        ("latin_name", "O'BRIEN", "O'BRIEN"),
        ("latin_name", "KIM", "KIM"),
        ("alphanumeric", "M123 45678", "M12345678"),
        ("sex", "여/F", "F"),
        ("sex", "M", "M"),
        ("sex", "남", "M"),
        ("sex", "F / W", "F"),
        ("text", " 서울  시 \n\n 2층 ", "서울 시\n2층"),
        ("text", ", İstanbul*", "İstanbul"),
        ("latin_name", "'t HOOFT <", "'t HOOFT"),
        ("mrz_td3", ZONE, ZONE),
    ],
)
def test_values_are_brought_into_one_spelling(name: str, text: str, value: str) -> None:
    result = check_format(name, text)
    assert (result.ok, result.value, result.reason) == (True, value, None)


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("korean_name", "KIM", "not_a_korean_name"),
        ("korean_name", "김", "not_a_korean_name"),
        ("latin_name", "K1M", "not_a_latin_name"),
        ("kr_license_number", "99-05-123456-78", "no_such_region"),
        ("kr_license_number", "11-05-12345-78", "not_a_licence_number"),
        ("alphanumeric", "A", "not_a_number"),
        ("sex", "?", "not_a_sex"),
        ("sex", "KRAKÓW", "not_a_sex"),
        ("text", "..", "empty"),
        ("date", " ", "empty"),
        ("mrz_td3", "P<UTO", "not_a_td3_zone"),
        ("mrz_td3", ZONE.replace("740812", "740813"), "check_digit_birth_date"),
    ],
)
def test_what_breaks_a_format_is_named(name: str, text: str, reason: str) -> None:
    result = check_format(name, text)
    assert not result.ok
    assert result.reason == reason


def test_zone_of_doc_9303() -> None:
    zone = parse_td3(ZONE)
    assert zone is not None
    assert zone.failed == ()
    assert (zone.surname, zone.given_names, zone.document_number) == ("ERIKSSON", "ANNA MARIA", "L898902C3")
    assert (zone.nationality, zone.birth_date, zone.sex, zone.expiry_date) == ("UTO", "740812", "F", "120415")
    assert zone.personal_number == "ZE184226B"
    assert check_digit("520727") == "3"


@pytest.mark.parametrize(
    "text",
    [
        ZONE.replace("L898902C36", "L8989O2C36"),
        f"{FIRST}I\n{SECOND}",
        f"I{FIRST}\nI{SECOND}".replace("L898902C36", "L8989O2C36"),
        f"<{FIRST}1\nI{SECOND}1",
        ZONE.replace("7408122", "74O8I22"),
        f"{FIRST[:38]}\n{SECOND}",
        f"{FIRST}<<\n{SECOND}",
        f"{FIRST}\n{SECOND[:38]}{SECOND[41:]}",
        f"{FIRST[:40]}K<<C\n{SECOND}",
        f"{FIRST}\n{SECOND}".lower(),
        f"{FIRST}\n\n {SECOND}",
        f"I{FIRST}\nI{SECOND}",
        f"<{FIRST}\n{SECOND}1",
        f"P{FIRST}\n{SECOND}",
        f"OP{FIRST[:42]}\n{SECOND}",
        ZONE.replace("UTO7", "UT07"),
    ],
)
def test_what_reading_confuses_in_a_zone_is_mended(text: str) -> None:
    zone = parse_td3(text)
    assert zone is not None
    assert zone.failed == ()
    assert zone.lines == (FIRST, SECOND)


def test_a_passport_of_type_pp_keeps_both_letters() -> None:
    zone = parse_td3(f"PP{FIRST[2:]}\n{SECOND}")
    assert zone is not None
    assert (zone.code, zone.issuer) == ("PP", "UTO")


def test_resident_numbers_are_masked_wherever_they_stand() -> None:
    assert mask("resident_number", "711231-1234567") == "711231-*******"
    assert mask("resident_number", "7112311234567") == "711231-*******"
    assert mask("resident_number", "711231-12345") == "******-*****"
    assert mask("resident_number", "71123l-1234567") == "******-*******"
    for text in ("711231-1234567", "711231 1234567", "id 7112311234567", "711231--12345678"):
        assert "234567" not in mask("text", text)
        assert "711231-*******" in mask("text", text)
    assert mask("kr_license_number", "11-05-123456-78") == "11-05-123456-78"
    assert mask("date", "2019.03.05 ~ 2029.03.05") == "2019.03.05 ~ 2029.03.05"
    assert mask("alphanumeric", "1234567", sensitive=True) == "*******"


def test_a_number_that_was_mended_proves_nothing() -> None:
    as_printed, misread = parse_td3(ZONE), parse_td3(ZONE.replace("L898902C36", "L8989O2C36"))
    assert as_printed is not None
    assert misread is not None
    assert (as_printed.number_mended, misread.number_mended) == (False, True)
    other = parse_td3(ZONE.replace("L898902C36", "L898952C36"))  # no look-alike
    assert other is not None
    assert other.number_mended or "document_number" in other.failed


@pytest.mark.parametrize("given", ["LEE", "KLEE", "K"])
def test_given_names_of_the_letters_that_fillers_are_misread_as(given: str) -> None:
    zone = parse_td3(f"P<KORKIM<<{given}".ljust(44, "<") + f"\n{SECOND}")
    assert zone is not None
    assert (zone.surname, zone.given_names) == ("KIM", given)


def test_optional_data_of_a_zone_is_masked() -> None:
    second = "M123456784KOR7408122F12041591234567<<<<<<<28"
    masked = mask("mrz_td3", f"{FIRST}\n{second}")
    assert masked.splitlines()[0] == FIRST
    assert masked.splitlines()[1] == f"{second[:28]}*******<<<<<<<**"
    broken = mask("mrz_td3", f"{FIRST}\n{second[:-3]}")
    assert broken.splitlines()[0] == FIRST
    assert not any(c.isalnum() for c in broken.splitlines()[1])


GENUINE = {
    "surname": "ERIKSSON", "given_names": "ANNA MARIA", "document_number": "L898902C3", "nationality": "UTO",
    "birth_date": "12 AUG/AOÛT 1974", "expiry_date": "15.04.2012", "sex": "F", "issuer": "anything",
}  # fmt: skip


def compared(changed: dict[str, str], sure: float = 0.99, zone: str = ZONE) -> Consistency:
    return compare(Witness(zone, 0.98), {name: Witness(text, sure) for name, text in (GENUINE | changed).items()})


def test_a_genuine_passport_contradicts_nothing() -> None:
    assert compared({}).score == 0.0
    misread = compared({"document_number": "L8989O2C3", "surname": "ERIKSS0N", "birth_date": "12 AUG 1974"})
    assert misread.score == 0.0
    assert compared({"expiry_date": "not read", "sex": "?"}).score == 0.0


@pytest.mark.parametrize(
    ("name", "forged"),
    [
        ("surname", "JOHANSSON"),
        ("given_names", "PETER"),
        ("document_number", "L898777C3"),
        ("birth_date", "12 AUG 1991"),
        ("expiry_date", "15.04.2032"),
        ("nationality", "DEU"),
    ],
)
def test_a_rewritten_field_is_named(name: str, forged: str) -> None:
    result = compared({name: forged})
    assert result.score is not None
    assert result.score > 0.45
    assert result.fields == (name,)
    unsure = compared({name: forged}, sure=0.6)
    assert unsure.score is not None
    assert unsure.score < 0.5 * result.score


def test_long_numbers_are_compared_as_far_as_the_zone_holds_them() -> None:
    zone = f"{FIRST}\nPM60398539UTO7408122F1204159<<<<<<<<<<<<<<00"
    assert compare(Witness(zone, 0.98), {"document_number": Witness("PM60398536", 1.0)}).contradictions.keys() <= {
        "mrz"
    }


def test_a_half_covered_name_is_no_contradiction() -> None:
    assert compared({"surname": "ERIK", "given_names": "MARIA"}).score == 0.0


def test_one_letter_of_a_name_counts_and_an_accent_does_not() -> None:
    assert compared({"surname": "ERÍKSSÖN"}).score == 0.0
    one = compared({"surname": "ERIKSSEN"}).score
    assert one is not None
    assert 0.2 < one < 0.5


def test_nothing_to_compare_is_not_a_pass() -> None:
    assert compare(Witness("no zone", 1.0), {}).score is None
    assert compare(Witness(ZONE, 0.98), {}).score is None


def test_accents_may_be_dropped_or_spelled_out() -> None:
    assert {"MULLER", "MUELLER"} <= set(spellings("Müller"))
    assert spellings("O'Brien-Łuk") == ["OBRIENLUK"]
