"""Times as people, spreadsheets, git and learning platforms write them, in UTC as nbgrader wants them.

A time that names no zone is read in the one that is given. A day and a month that could be either way round are not
guessed.
"""

import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from autograder.server.errors import BadInput

_LANGUAGES = (
    "en", "de", "fr", "es", "it", "pt", "nl", "ca", "gl", "eu", "sv", "da", "nb", "fi", "et", "pl", "cs", "sk", "sl",
    "hu", "ro", "tr", "el", "ru", "uk", "bg", "sr", "lt", "lv", "id", "vi", "ar", "fa", "he", "hi", "th",
)  # fmt: skip
_PM = ("pm", "p. m.", "μμ", "μ.μ.", "م", "مساءً", "下午", "午後", "오후", "बजे", "ÖS", "MD")
_AM = ("am", "a. m.", "πμ", "π.μ.", "ص", "صباحًا", "上午", "午前", "오전", "ÖÖ", "PD")
_CLOCKS = (  # 15:15, 15h15; 15.15 as in Danish only where nothing else can be the time
    re.compile(r"(?<!\d)(\d{1,2})[:h](\d{2})(?::(\d{2})(?:[.,]\d+)?)?(?!\d)"),
    re.compile(r"(?<![\d.])(\d{1,2})\.(\d{2})(?:\.(\d{2}))?(?![\d.])"),
)
_NAMED_ZONE = re.compile(r"(?<=[\d\s])\(?([A-Z]{3,5}|[A-Z][A-Za-z]+/[A-Za-z_/+-]+)\)?$")
_SUMMER = {"CEST": 2, "EEST": 3, "WEST": 1, "BST": 1, "EDT": -4, "CST": -6, "CDT": -5, "MDT": -6, "PST": -8, "PDT": -7}
"""Zones that people write and the database of zones has under cities only."""

_OFFSET = re.compile(r"\s*(?:UTC|GMT)?([+-])(\d{2}):?(\d{2})$")


def read_time(text: str, zone: tzinfo | None, month_first: bool | None = None) -> datetime:
    """The moment that a text names, in UTC.

    Arguments:
        zone: Of times that name none; None is the zone of this machine.
        month_first: Whether 5/11/2026 is in May, as `month_comes_first` finds out from a whole column.

    Raises:
        ValueError: with the reason.
    """
    text = _plain(text)
    found = _iso(text) or _mail(text) or _spoken(text, month_first)
    if found.tzinfo is None:
        found = found.replace(tzinfo=zone) if zone else found.astimezone()
    return found.astimezone(UTC).replace(microsecond=0)


def month_comes_first(texts: Iterable[str]) -> bool | None:
    """Whether a column of times has American dates: one 11/26/2026 says it of all; None when none does."""
    days = [match for text in texts if (match := re.search(r"(?<!\d)(\d{1,2})/(\d{1,2})/\d{2}", _plain(text)))]
    american, other = any(int(day[2]) > 12 for day in days), any(int(day[1]) > 12 for day in days)
    return american if american != other else None


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().strip("'")


def known_zone(name: str) -> tzinfo | None:
    """A zone by its name; None, this machine's, for no name.

    Raises:
        BadInput: for a name that is none.
    """
    try:
        return ZoneInfo(name) if name else None
    except (OSError, ValueError, ZoneInfoNotFoundError):
        raise BadInput(f"There is no time zone {name!r}; write one as Europe/Berlin or UTC.") from None


def utc(moment: datetime) -> str:
    """As nbgrader's exchange writes it, and as no spreadsheet changes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _iso(text: str) -> datetime | None:
    """ISO 8601, nbgrader's ``2026-11-26 14:15:16.0 UTC``, git's ``2026-11-26 14:15:16 +0100``, seconds since 1970."""
    if re.fullmatch(r"1\d{9}", text):  # git's %ct
        return datetime.fromtimestamp(int(text), UTC)
    plain = re.sub(r"\s+(UTC|GMT)$", "Z", text)
    plain = re.sub(r"\s+([+-]\d{2}:?\d{2})$", r"\1", plain)
    plain = re.sub(r"^(\d{4}-\d{2}-\d{2})[-_ T](\d{2})-(\d{2})(?:-(\d{2}))?(?=\D|$)", _dashed, plain)
    if not re.search(r"\d[ T_]\d", plain):  # a day alone would be its first minute
        return None
    try:
        return datetime.fromisoformat(plain)
    except ValueError:
        return None


def _dashed(match: re.Match) -> str:
    """Blackboard's 2026-11-26-14-15-16."""
    return f"{match[1]} {match[2]}:{match[3]}:{match[4] or '00'}"


def _mail(text: str) -> datetime | None:
    """``Thu, 26 Nov 2026 14:15:16 +0100`` and git's default, ``Thu Nov 26 14:15:16 2026 +0100``."""
    try:
        return datetime.strptime(text, "%a %b %d %H:%M:%S %Y %z")
    except ValueError:
        pass
    if not re.search(r"\d{4} \d{1,2}:\d{2}:\d{2} ([+-]\d{4}|GMT|UTC)$", text):
        return None
    try:
        return parsedate_to_datetime(text)
    except ValueError:
        return None


def _spoken(text: str, month_first: bool | None) -> datetime:
    """A day in numbers or in words, and a time of the day."""
    said, zone = _zone(text)
    clock = next((found for clock in _CLOCKS if (found := clock.search(said))), None)
    if not clock:
        raise ValueError(f"{text!r} names no time of the day")
    rest = f"{said[: clock.start()]} {said[clock.end() :]}"
    day = _day(rest, text, month_first)
    return datetime(*day, _hour(int(clock[1]), rest), int(clock[2]), int(clock[3] or 0), tzinfo=zone)


def _zone(text: str) -> tuple[str, tzinfo | None]:
    """What is left of a text without the zone at its end, and that zone."""
    if match := _OFFSET.search(text):
        offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
        return text[: match.start()], timezone(-offset if match[1] == "-" else offset)
    if not (match := _NAMED_ZONE.search(text)):
        return text, None
    said = text[: match.start()].strip()
    if match[1] in _SUMMER:
        return said, timezone(timedelta(hours=_SUMMER[match[1]]))
    try:
        return said, ZoneInfo(match[1])
    except (OSError, ValueError, ZoneInfoNotFoundError):
        raise ValueError(f"{text!r} names a zone that is not known; write +01:00 or UTC") from None


def _hour(hour: int, rest: str) -> int:
    """Of a clock with twelve hours, or of one with twenty-four."""
    words = {word.strip(".").casefold() for word in re.findall(r"[^\W\d_][\w.]*(?: [^\W\d_]\.)?", rest)}
    after = any(word.casefold().strip(".") in words for word in _PM) or "下午" in rest or "午後" in rest
    before = any(word.casefold().strip(".") in words for word in _AM) or "上午" in rest or "午前" in rest
    if hour > 12 or not (after or before):
        return hour
    return hour % 12 + (12 if after else 0)


def _day(rest: str, text: str, month_first: bool | None) -> tuple[int, int, int]:
    """Year, month and day."""
    numbers = [int(number) for number in re.findall(r"\d+", rest)]
    words = re.findall(r"[^\W\d_][^\W\d_ً-ٟ]*", rest.casefold())
    for language in _LANGUAGES:
        months = _months(language)
        named = {months[word] for word in words if word in months}
        if len(named) == 1 and len(numbers) == 2:
            year, day = max(numbers), min(numbers)
            return year + (2000 if year < 100 else 0), named.pop(), day
    if len(numbers) != 3:
        raise ValueError(f"{text!r} is no time that can be read; write it as 2026-11-26 14:15")
    if numbers[0] > 31:
        return numbers[0], numbers[1], numbers[2]
    first, second, year = numbers
    year += 2000 if year < 100 else 0
    if "." in rest or "-" in rest or first > 12 or month_first is False:
        return year, second, first
    if second > 12 or first == second or month_first:
        return year, first, second
    raise ValueError(
        f"{text!r} may be {year}-{second:02}-{first:02} or {year}-{first:02}-{second:02}; write it in that form"
    )


@cache
def _months(language: str) -> dict[str, int]:
    """Names of months in a language; for Czech and others also as they stand in dates."""
    from babel import dates

    months: dict[str, int] = {}
    for context in ("format", "stand-alone"):
        for width in ("wide", "abbreviated"):
            for number, name in dates.get_month_names(width, context, language).items():
                months.setdefault(unicodedata.normalize("NFKC", name).casefold().strip("."), number)
    return months
