from __future__ import annotations

import pytest

from idqc.formats import check_format
from idqc.korean_regions import offices, provinces
from idqc.korean_text import mended_address, mended_licence_class, mended_office
from idqc.synth.mock.korea import REGIONS


@pytest.mark.parametrize(
    ("read", "meant"),
    [
        ("서을특별시 강동구청장", "서울특별시 강동구청장"),
        ("경기도 의정,부시장장", "경기도 의정부시장"),
        ("충청남도 아산시장(장", "충청남도 아산시장"),
        ("주특별자치 도지방경찰청장", "제주특별자치도지방경찰청장"),
        (", 경남경찰청장", "경남경찰청장"),
        ("전라남도 해남군수(", "전라남도 해남군수"),
    ],
)
def test_offices_are_mended(read: str, meant: str) -> None:
    assert mended_office(read) == meant


@pytest.mark.parametrize("read", ["경기도특부경찰청장", "인전광역시경찰청장", "충청북도 천안군수", "외교부장관", ""])
def test_what_fits_two_offices_or_none_stays_as_read(read: str) -> None:
    assert mended_office(read) == read


def test_every_office_stays_itself() -> None:
    assert all(mended_office(office.printed) == office.printed for office in offices().values())
    for province, districts, _ in REGIONS:
        assert all(name.split()[0] in (*provinces()[province], province) for name in districts)


@pytest.mark.parametrize(
    ("read", "meant"),
    [
        ("서융특별시 증구 터른로 257", "서울특별시 증구 터른로 257"),
        ("소 대구광역시 북구한운들로 700-41,A동\n(삼덕동) 0 0 067", "대구광역시 북구 한운들로 700-41,A동\n(삼덕동)"),
        ("강원 특별자치도 속초시\n래원한로 506", "강원특별자치도 속초시\n래원한로 506"),
        ("경기도 안산시 단윈구 신신길 527", "경기도 안산시 단원구 신신길 527"),
        ("제주특별자치도제주시 망포로 7 (강정동, 현흥힐스))", "제주특별자치도 제주시 망포로 7 (강정동, 현흥힐스)"),
        ("세종특별자치시 세종특별자치시\n물안로62번길 340", "세종특별자치시 세종특별자치시\n물안로62번길 340"),
        ("경상냠도 김해시 분성로 1", "경상남도 김해시 분성로 1"),
        ("서울특별시 강낭구 테헤란로 1", "서울특별시 강낭구 테헤란로 1"),
        ("서울특별시 종로 1", "서울특별시 종로 1"),
        ("경기도 부천시 소사로 123", "경기도 부천시 소사로 123"),
        ("경상남도 울산시 1", "경상남도 울산시 1"),
        ("서울특별시 강남구 12 (현대아파트) 101동 202호", "서울특별시 강남구 12 (현대아파트) 101동 202호"),
        ("서울특별시 강남구 12\n(역삼동)동슬", "서울특별시 강남구 12\n(역삼동)"),
        ("요전광역싣롱동 콜너뎔로)3, 09동", "요전광역싣롱동 콜너뎔로)3, 09동"),
        ("SEOUL 1", "SEOUL 1"),
        ("", ""),
    ],
)
def test_addresses_are_mended_where_they_are_known(read: str, meant: str) -> None:
    assert mended_address(read) == meant


@pytest.mark.parametrize(
    ("read", "meant"),
    [
        ("1종 보동", "1종 보통"),
        ("2종보동(자동)", "2종보통(자동)"),
        ("2종원지 .", "2종원자"),
        ("2종 원동기장치자전거", "2종 원동기장치자전거"),
        ("1종보통 2종소형", "1종보통 2종소형"),
    ],
)
def test_licence_classes_are_mended(read: str, meant: str) -> None:
    assert mended_licence_class(read) == meant


def test_the_formats_use_them() -> None:
    assert check_format("kr_office", "서을특별시 강동구청장").value == "서울특별시 강동구청장"
    assert check_format("kr_address", "서을특별시 강동구 빛로 1").value == "서울특별시 강동구 빛로 1"
    assert check_format("kr_licence_class", "1종 보동").value == "1종 보통"
