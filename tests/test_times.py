"""Times as people and machines write them, and the table of them beside a class."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from autograder.server import intake
from autograder.server.errors import BadInput
from autograder.server.times import known_zone, month_comes_first, read_time, utc
from autograder.server.timestamps import known_times, read_timestamps, write_timestamps
from tests.downloads import SECTION

AT = datetime(2026, 11, 26, 14, 15, tzinfo=UTC)

SAME = [
    "2026-11-26 14:15", "2026-11-26T14:15:00", "2026-11-26T14:15Z", "2026-11-26 14:15:00.000000 UTC",
    "2026-11-26 15:15:00 +0100", "2026-11-26T15:15:00+01:00", "Thu Nov 26 15:15:00 2026 +0100",
    "Thu, 26 Nov 2026 15:15:00 +0100", "1795702500", "2026-11-26 15:15 CET", "2026-11-26 16:15 CEST",
    "2026-11-26 09:15 America/New_York", "2026-11-26-14-15-00",
    "26.11.2026 14:15", "26.11.2026 09:15 -0500", "26.11.2026 14:15:00", "26.11.26 14:15", "26/11/2026 14:15",
    "11/26/2026 2:15 PM",
    "26-11-2026 14:15", "2026/11/26 14:15", "2026-11-26 2:15 PM",
    "Thursday, 26 November 2026, 2:15 PM", "Thursday, November 26, 2026, 2:15 PM", "26 Nov 2026, 14:15",
    "Donnerstag, 26. November 2026, 14:15", "jeudi 26 novembre 2026, 14:15", "jueves, 26 de noviembre de 2026, 14:15",
    "giovedì, 26 novembre 2026, 14:15", "quinta-feira, 26 de novembro de 2026 às 14:15",
    "donderdag, 26 november 2026, 14:15", "czwartek, 26 listopada 2026, 14:15", "četrtek, 26. november 2026, 14:15",
    "torsdag den 26. november 2026, 14.15", "четверг, 26 ноября 2026, 14:15", "Πέμπτη, 26 Νοεμβρίου 2026, 2:15 ΜΜ",
    "2026年11月26日(木曜日) 14:15", "2026年11月26日 星期四 下午2:15", "الخميس، 26 نوفمبر 2026، 2:15 م",
    "Perşembe, 26 Kasım 2026, 14:15",
]  # fmt: skip


@pytest.mark.parametrize("text", SAME)
def test_a_time_is_read_however_it_is_written(text):
    assert read_time(text, UTC) == AT


def test_midnight_and_noon_of_twelve_hours():
    assert [read_time(f"5 May 2027, 12:05 {half}", UTC).hour for half in ("AM", "PM")] == [0, 12]


def test_a_time_without_a_zone_is_in_the_one_that_is_given():
    berlin = known_zone("Europe/Berlin")
    assert utc(read_time("26.11.2026 15:15", berlin)) == "2026-11-26 14:15:00 UTC"
    assert utc(read_time("26.07.2026 16:15", berlin)) == "2026-07-26 14:15:00 UTC"
    assert utc(read_time("2026-11-26 15:15 UTC", berlin)) == "2026-11-26 15:15:00 UTC"


def test_without_a_zone_it_is_this_machines(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert read_time("26.11.2026 23:15", known_zone("")) == AT
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_zone_that_is_none_is_a_sentence():
    for name in ("Berlin", "../etc", "CEST"):
        with pytest.raises(BadInput, match="no time zone"):
            known_zone(name)
    assert known_zone("UTC") == ZoneInfo("UTC")


@pytest.mark.parametrize("text", [
    "yesterday", "", "2026-11-26", "26.11.2026", "14:15", "2026-13-26 14:15", "31.02.2027 10:00", "26.11.2026 25:15",
    "2026-11-26 14:15 XYZ", "26 Movember 2026, 14:15",
])  # fmt: skip
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ValueError):
        read_time(text, UTC)


def test_a_day_that_may_be_a_month_is_not_guessed_but_read_from_its_column():
    with pytest.raises(ValueError, match="2026-11-05 or 2026-05-11"):
        read_time("5/11/2026 14:15", UTC)
    american, other = ["5/11/2026 1:00", "11/26/2026 2:00"], ["5/11/2026 1:00", "26/11/2026 2:00"]
    assert (month_comes_first(american), month_comes_first(other)) == (True, False)
    assert month_comes_first(["5/11/2026 1:00"]) is None and month_comes_first([american[1], other[1]]) is None
    assert read_time("5/11/2026 14:15", UTC, True).month == 5 and read_time("5/11/2026 14:15", UTC, False).month == 11


# --- the table beside a class -----------------------------------------------------------------------------------------


def rows(folder, *lines: str, encoding: str = "utf-8", newline: str = "\n") -> None:
    folder.mkdir(exist_ok=True)
    (folder / "timestamps.csv").write_bytes(newline.join(lines).encode(encoding))


def test_the_table_may_be_excels(tmp_path):
    rows(
        tmp_path, "Section;Student;Timestamp", f"{SECTION};Müller, Anna;26.11.2026 14:15", f"{SECTION};ben;",
        encoding="cp1252", newline="\r\n",
    )  # fmt: skip
    assert read_timestamps(tmp_path) == {("Müller, Anna", SECTION): AT}
    rows(tmp_path, "timestamp,section,student", f"11/26/2026 14:15,{SECTION},ada", f"5/11/2026 14:15,{SECTION},ben")
    assert read_timestamps(tmp_path)["ben", SECTION] == datetime(2026, 5, 11, 14, 15, tzinfo=UTC)


def test_a_row_that_cannot_be_read_is_named(tmp_path):
    rows(tmp_path, "student,section,timestamp", f"ada,{SECTION},2026-11-26 14:15", f"ben,{SECTION},yesterday")
    with pytest.raises(BadInput, match=r"row 3 \(ben\).*yesterday"):
        read_timestamps(tmp_path)
    rows(tmp_path, "student,when", "ada,x")
    with pytest.raises(BadInput, match="student,section,timestamp, not student, when"):
        read_timestamps(tmp_path)


def test_the_table_is_read_as_it_was_written(tmp_path):
    times = {("=cmd()", SECTION): AT, ("Müller, Anna", SECTION): AT, ("-x", "04-jsd-proof"): AT}
    write_timestamps(tmp_path, times)
    assert read_timestamps(tmp_path) == times
    text = (tmp_path / "timestamps.csv").read_text(encoding="utf-8")
    assert "\n=" not in text and "14:15:00 UTC" in text
    assert read_timestamps(tmp_path / "nowhere") == {}


def test_what_nbgraders_collect_noted_counts_where_the_table_has_no_row(tmp_path):
    noted = {"ada": "2026-11-26 14:15:00.000000 UTC\n", "ben": "2027-01-01 00:00:00 UTC", "cem": "soon"}
    for student, text in noted.items():
        (tmp_path / student / SECTION).mkdir(parents=True)
        (tmp_path / student / SECTION / "timestamp.txt").write_text(text)
    rows(tmp_path, "student,section,timestamp", f"ben,{SECTION},2026-11-26 14:15", f"eve,{SECTION},2026-11-26 14:15")
    times, remarks = known_times(tmp_path, intake.find(tmp_path, [SECTION]))
    assert times == {("ada", SECTION): "2026-11-26 14:15:00 UTC", ("ben", SECTION): "2026-11-26 14:15:00 UTC"}
    assert "'eve'" in remarks[0] and "cem" in remarks[1] and remarks[2].startswith("1 times are") and len(remarks) == 3


def test_a_time_behind_a_link_is_not_followed(tmp_path):
    (tmp_path / "ada" / SECTION).mkdir(parents=True)
    (tmp_path / "time").write_text("2026-11-26 14:15 UTC")
    (tmp_path / "ada" / SECTION / "timestamp.txt").symlink_to(tmp_path / "time")
    assert known_times(tmp_path, intake.find(tmp_path, [SECTION])) == ({}, [])
