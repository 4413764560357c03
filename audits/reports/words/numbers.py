"""Write figures as each language writes them: 3,696 and 58.8 %, 3.696 and 58,8 %.

A figure and its sign are kept together by a no-break space. No share above nothing is written as 0 %, and none below all
as 100 %.
"""

from __future__ import annotations

from datetime import date as calendar_date
from typing import Final

LANGUAGES: Final = ("en", "de")
"""Languages that reports are written in; any other gets English."""

NO_BREAK: Final = "\u00a0"
MINUS: Final = "\u2212"
DASH: Final = "–"

_MONTHS: Final = {
    "en": (
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ),
    "de": (
        "Januar", "Februar", "März", "April", "Mai", "Juni",
        "Juli", "August", "September", "Oktober", "November", "Dezember",
    ),
}  # fmt: skip


def spoken(language: str | None) -> str:
    """Give the language that a report comes in where this one is asked for."""
    main = (language or "en").partition("-")[0].lower()
    return main if main in LANGUAGES else "en"


def decimal(figure: float, places: int, language: str) -> str:
    """Write with so many places, groups of thousands, and a real minus sign."""
    text = f"{abs(figure):,.{places}f}"
    if language == "de":
        text = text.replace(",", " ").replace(".", ",").replace(" ", ".")
    # What is written as nothing has no sign.
    negative = figure < 0 and any(digit in text for digit in "123456789")
    return f"{MINUS if negative else ''}{text}"


def count(figure: float, language: str) -> str:
    return decimal(figure, 0, language)


def share(figure: float | None, language: str) -> str:
    """Write a share of one as per cent: with one place, or two where one would make it nothing or all."""
    if figure is None:
        return DASH
    return f"{_hundredths(figure, language)}{NO_BREAK}%"


def _hundredths(figure: float, language: str) -> str:
    text = decimal(figure * 100, 1, language)
    if 0 < abs(figure) < 0.0005 or 0.9995 <= abs(figure) < 1:
        text = decimal(figure * 100, 2, language)
        if 0 < figure < 0.00005:
            return f"<{NO_BREAK}{decimal(0.01, 2, language)}"
        if 0.99995 <= figure < 1:
            return f">{NO_BREAK}{decimal(99.99, 2, language)}"
    return text


def points(figure: float | None, language: str) -> str:
    """Write a difference of shares in percentage points, with its sign."""
    if figure is None:
        return DASH
    unit = "Punkte" if language == "de" else "points"
    for places in (1, 2):
        text = decimal(figure * 100, places, language)
        if any(digit in text for digit in "123456789"):
            return f"{'+' if figure > 0 else ''}{text}{NO_BREAK}{unit}"
    return f"{decimal(0, 1, language)}{NO_BREAK}{unit}"


def size_in_points(figure: float, language: str) -> str:
    """Write how large a difference of shares is, whichever way it goes."""
    return points(abs(figure), language).removeprefix("+")


def ratio(figure: float | None, language: str, *, beside: float | None = None) -> str:
    """Write a ratio with two places, or as many as it takes to see that it is not the figure beside it."""
    if figure is None:
        return DASH
    places = 2
    if beside is not None and beside != figure:
        while places < 6 and f"{figure:.{places}f}" == f"{beside:.{places}f}":
            places += 1
    return decimal(figure, places, language)


def plain(figure: float | None, language: str, places: int = 2) -> str:
    return DASH if figure is None else decimal(figure, places, language)


def signed_trimmed(figure: float, language: str, places: int = 2) -> str:
    """Write as ``trimmed`` does, with a plus above nothing."""
    return (
        f"+{trimmed(figure, language, places)}" if figure > 0 else trimmed(figure, language, places)
    )


def trimmed(figure: float, language: str, places: int = 2) -> str:
    """Write without zeros at the end: 0.8, 1.25, 1."""
    text = f"{figure:.{places}f}"
    used = len(text.rstrip("0").partition(".")[2]) if "." in text else 0
    return decimal(figure, used, language)


def probability(figure: float | None, language: str) -> str:
    """Write how often chance alone would do this: 0.012, and < 0.001 where it is rarer."""
    if figure is None:
        return DASH
    if figure < 0.001:
        return f"<{NO_BREAK}{decimal(0.001, 3, language)}"
    return decimal(figure, 3 if figure < 0.1 else 2, language)


def duration(minutes: float, language: str) -> str:
    """Say a time in the largest unit that keeps it a whole or a half."""
    names = {
        "en": (("minute", "minutes"), ("hour", "hours"), ("day", "days")),
        "de": (("Minute", "Minuten"), ("Stunde", "Stunden"), ("Tag", "Tage")),
    }[language]
    unit, size = 0, 1.0
    for place, minutes_of in ((1, 60.0), (2, 1440.0)):
        if minutes >= minutes_of:
            unit, size = place, minutes_of
    figure = minutes / size
    text = trimmed(figure, language, 1)
    return f"{text}{NO_BREAK}{names[unit][0 if text == '1' else 1]}"


def date(text: str | None, language: str) -> str:
    """Write a day in words; what is not a day stays as it came."""
    if not text:
        return DASH
    try:
        day = calendar_date.fromisoformat(text[:10])
    except ValueError:
        return text
    month = _MONTHS[language][day.month - 1]
    if language == "de":
        return f"{day.day}.{NO_BREAK}{month} {day.year}"
    return f"{day.day}{NO_BREAK}{month} {day.year}"


def short_date(text: str, language: str) -> str:
    """Write a day for an axis: 21 Nov."""
    try:
        day = calendar_date.fromisoformat(text[:10])
    except ValueError:
        return text
    month = _MONTHS[language][day.month - 1][:3]
    return f"{day.day}. {month}" if language == "de" else f"{day.day} {month}"


def joined(parts: list[str] | tuple[str, ...], language: str, *, alternative: bool = False) -> str:
    """List in a sentence: a, b and c; or a, b or c."""
    parts = list(parts)
    if len(parts) < 2:
        return "".join(parts)
    last = {"en": ("and", "or"), "de": ("und", "oder")}[language][alternative]
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def quoted(text: str, language: str) -> str:
    return f"„{text}“" if language == "de" else f"“{text}”"


def about(figure: float, language: str) -> str:
    """Write with two figures that count, as one says about so many: 1,483 is about 1,500."""
    if figure < 100:
        return count(figure, language)
    digits = len(str(int(figure)))
    step = 10 ** (digits - 2)
    return count(round(figure / step) * step, language)


def bare_points(figure: float, language: str, *, sign: bool = True) -> str:
    """Write a difference in percentage points without the unit, for where it stands beside."""
    text = points(figure, language).partition(NO_BREAK)[0]
    return text if sign else text.removeprefix("+")


def bare_share(figure: float, language: str) -> str:
    """Write a share of one in hundredths without the sign, for where it stands beside."""
    return _hundredths(figure, language)


def signed_share(figure: float | None, language: str) -> str:
    """Write a share that may be below nothing, with its sign."""
    text = share(figure, language)
    return f"+{text}" if figure is not None and figure > 0 else text


def signed_plain(figure: float, language: str, places: int = 2) -> str:
    """Write a figure with its sign."""
    text = decimal(figure, places, language)
    return f"+{text}" if figure > 0 and any(digit in text for digit in "123456789") else text


def tick_share(figure: float, language: str) -> str:
    """Write a share of one for an axis: 2.5 %."""
    return f"{trimmed(figure * 100, language)}{NO_BREAK}%"
