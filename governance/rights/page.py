"""The page of a copy: all that is held about somebody, as a person reads it, in their language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any, Final
from zoneinfo import ZoneInfo

from audits.reports.page import Html, element, joined, sheet
from governance.clock import parse_rfc3339
from governance.rights.gathering import Gathered
from policies.texts import fact_label, shown

#: In English and German.
WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "title": ("What is held about you", "Was über Sie gespeichert ist"),
    "skip": ("Skip to the content", "Zum Inhalt springen"),
    "made": ("Copy of {day}", "Kopie vom {day}"),
    "known_as": ("The business knows you as", "Das Unternehmen führt Sie als"),
    "decisions": ("Decisions about you", "Entscheidungen über Sie"),
    "none": ("There are no decisions about you.", "Es gibt keine Entscheidungen über Sie."),
    "people_only": (
        "Since {day}, a person decides about you, always.",
        "Seit {day} entscheidet über Sie immer ein Mensch.",
    ),
    "asked": ("What you asked for", "Worum Sie gebeten haben"),
    "access": ("a copy of your data", "eine Kopie Ihrer Daten"),
    "erasure": ("to be erased", "gelöscht zu werden"),
    "open": ("not answered yet", "noch nicht beantwortet"),
    "granted": ("granted", "gewährt"),
    "refused": ("refused", "abgelehnt"),
    "withdrawn": ("taken back", "zurückgenommen"),
    "undecided": ("A person is deciding this", "Ein Mensch entscheidet das"),
    "nothing": ("Nothing was decided", "Nichts wurde entschieden"),
    "purpose": ("Why this is decided", "Wozu das entschieden wird"),
    "why": ("Why it was decided so", "Warum so entschieden wurde"),
    "facts": ("What was used", "Was verwendet wurde"),
    "groups": (
        "Kept apart, to see whether groups are treated alike",
        "Getrennt verwahrt, um zu sehen, ob Gruppen gleich behandelt werden",
    ),
    "groups_shut": (
        "There may be such facts; this copy was made where nobody can read them. The business can add them.",
        "Es kann solche Angaben geben; diese Kopie entstand, wo sie niemand lesen kann. Das Unternehmen kann sie nachreichen.",
    ),
    "proposal": ("What software proposed", "Was Software vorgeschlagen hat"),
    "people": ("What people did", "Was Menschen getan haben"),
    "said": ("What was written", "Was geschrieben wurde"),
    "files": ("Files, in this archive", "Dateien, in diesem Archiv"),
    "truth": ("What turned out to be right", "Was sich als richtig erwies"),
    "ratings": ("How you rated it", "Wie Sie es bewertet haben"),
    "recipients": ("Who received it", "Wer es erhalten hat"),
    "asked_by": ("It was asked for by the software {app}.", "Angefragt hat es die Software {app}."),
    "told_to": (
        "The software {app} was told on {day}.",
        "Der Software {app} wurde es am {day} mitgeteilt.",
    ),
    "read": (
        "Read by people of the business or their software: {days}.",
        "Gelesen von Menschen des Unternehmens oder ihrer Software: {days}.",
    ),
    "kept": ("How long it is kept", "Wie lange es aufbewahrt wird"),
    "keep": ("{keep}, then it is erased.", "{keep}, dann wird es gelöscht."),
    "no_end": (
        "Until the business erases it; its rules name no time.",
        "Bis das Unternehmen es löscht; seine Regeln nennen keine Frist.",
    ),
    "number": ("Number of the decision", "Nummer der Entscheidung"),
    "log": ("In the audit log", "Im Prüfprotokoll"),
    "rights": ("What you can do", "Was Sie tun können"),
    "right_object": (
        "Have a person look at a decision again, and correct what is wrong.",
        "Einen Menschen eine Entscheidung noch einmal ansehen lassen und berichtigen, was falsch ist.",
    ),
    "right_erase": (
        "Ask to be erased, or that less is done with your data.",
        "Verlangen, gelöscht zu werden oder dass weniger mit Ihren Daten geschieht.",
    ),
    "right_complain": (
        "Complain to a data protection authority.",
        "Sich bei einer Datenschutzbehörde beschweren.",
    ),
    "left_out": (
        "Left out: who of the business did what, for they are persons too, and what would show how it tests whether its people really look.",
        "Ausgelassen: wer im Unternehmen was getan hat, denn auch das sind Personen, und was verriete, wie es prüft, ob seine Leute wirklich hinsehen.",
    ),
    "machines": (
        "The same for machines is in data.json.",
        "Dasselbe für Maschinen steht in data.json.",
    ),
    "approve": ("approved what was proposed", "hat zugestimmt"),
    "change": ("changed it", "hat es geändert"),
    "reject": ("rejected it", "hat es abgelehnt"),
    "a_person": ("A person {did} on {day}.", "Ein Mensch {did}, am {day}."),
    "given": ("{name} (sure: {confidence})", "{name} (sicher: {confidence})"),
}
_MOST_DAYS: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What the page says before the decisions."""

    language: str
    business: str
    reference: str | None
    made_at: datetime
    time_zone: str
    people_only: Mapping[str, Any] | None
    asked: Sequence[Mapping[str, Any]]
    decisions: int


def html(head: Head, gathered: Iterable[Gathered]) -> Iterator[str]:
    """Write the page piece by piece."""
    tell = _Teller(head)
    title = tell("title")
    yield (
        f'<!doctype html>\n<html lang="{escape(head.language)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<meta name="robots" content="noindex">\n'
        f"<title>{escape(title)} · {escape(head.business)}</title>\n<style>\n{sheet()}</style>\n</head>\n<body>"
    )
    yield element("a", tell("skip"), class_="skip", href="#main")
    yield '<div class="sheet"><main id="main">'
    yield element(
        "header",
        element("p", head.business, class_="kicker"),
        element("h1", title),
        element("p", tell("made", day=tell.day(head.made_at))),
        element("p", f"{tell('known_as')}: {head.reference}") if head.reference else Html(),
        _marked(tell, head),
        class_="top",
    )
    if head.asked:
        yield element(
            "section",
            element("h2", tell("asked")),
            element(
                "ul",
                joined(
                    [
                        element(
                            "li",
                            f"{tell.day(one['asked_at'])}: {tell(one['kind'])}, {tell(one['status'])}",
                        )
                        for one in head.asked
                    ]
                ),
                class_="points",
            ),
            class_="report-section",
        )
    yield element("h2", tell("decisions"), class_="report-section")
    if not head.decisions:
        yield element("p", tell("none"))
    for one in gathered:
        yield _decision(tell, one)
    yield element(
        "section",
        element("h2", tell("rights")),
        element(
            "ul",
            joined(
                [
                    element("li", tell(name))
                    for name in ("right_object", "right_erase", "right_complain")
                ]
            ),
            class_="points",
        ),
        element("p", tell("left_out")),
        element("p", tell("machines")),
        class_="report-section",
    )
    yield "</main></div>\n</body>\n</html>\n"


class _Teller:
    """Say words and days in the page's language and the business's zone."""

    def __init__(self, head: Head) -> None:
        self.language = head.language
        self._at = int(head.language == "de")
        self._zone = ZoneInfo(head.time_zone)

    def __call__(self, word: str, **slots: str) -> str:
        return WORDS[word][self._at].format(**slots)

    def day(self, instant: datetime | str) -> str:
        """Write a day."""
        at = parse_rfc3339(instant) if isinstance(instant, str) else instant
        local = at.astimezone(self._zone).date()
        return f"{local:%d.%m.%Y}" if self._at else local.isoformat()


def _marked(tell: _Teller, head: Head) -> Html:
    if head.people_only is None:
        return Html()
    return element("p", tell("people_only", day=tell.day(head.people_only["since"])))


def _decision(tell: _Teller, one: Gathered) -> Html:
    told, policy = one.document, one.policy
    return element(
        "section",
        element(
            "p",
            f"{told['policy']['title']} · {tell.day(told['occurred_at'] or told['recorded_at'])}",
            class_="kicker",
        ),
        element("h3", _outcome(tell, one)),
        _part(tell, "purpose", [told["policy"]["purpose"]]),
        _part(
            tell,
            "why",
            [
                one.explanation.headline,
                *one.explanation.paragraphs,
                *(reason.text for reason in one.explanation.reasons),
                *told["explanation"]["what_would_change"],
            ],
        ),
        _facts(
            tell,
            "facts",
            {
                fact_label(name, policy, tell.language): shown(value, tell.language)
                for name, value in (told["features"] or {}).items()
            },
        ),
        _groups(tell, told["groups"]),
        _part(tell, "proposal", _proposed(tell, one)),
        _part(tell, "people", _verdicts(tell, one)),
        _part(tell, "said", _said(told["entries"])),
        _part(
            tell,
            "files",
            [file["path"] for entry in told["entries"] for file in entry.get("files", ())],
        ),
        _part(tell, "truth", _truth(tell, one)),
        _part(tell, "ratings", [f"{one['scale']}: {one['rating']}" for one in told["ratings"]]),
        _part(tell, "recipients", _recipients(tell, told)),
        _part(tell, "kept", [_kept(tell, told)]),
        _part(tell, "number", [told["id"]]),
        _part(
            tell,
            "log",
            [
                f"{entry['kind']} · {entry['epoch']}/{entry['index']}"
                for entry in told["entries"]
                if entry["index"] is not None
            ],
        ),
        class_="report-section",
    )


def _part(tell: _Teller, name: str, lines: Sequence[str]) -> Html:
    if not lines:
        return Html()
    return joined(
        [
            element("h4", tell(name)),
            element("ul", joined([element("li", line) for line in lines]), class_="points"),
        ]
    )


def _facts(tell: _Teller, name: str, facts: Mapping[str, str]) -> Html:
    return _part(tell, name, [f"{label}: {value}" for label, value in facts.items()])


def _groups(tell: _Teller, groups: Mapping[str, str] | None) -> Html:
    if groups is None:
        return _part(tell, "groups", [tell("groups_shut")])
    return _facts(tell, "groups", {name.replace("_", " "): said for name, said in groups.items()})


def _label(tell: _Teller, one: Gathered, outcome: str | None) -> str:
    known = one.policy.outcomes.get(outcome or "")
    return (outcome or "") if known is None else known.label.in_(tell.language)


def _outcome(tell: _Teller, one: Gathered) -> str:
    if one.document["status"] == "in_review":
        return tell("undecided")
    return _label(tell, one, one.document["outcome"]) or tell("nothing")


def _proposed(tell: _Teller, one: Gathered) -> list[str]:
    proposal = one.document["proposal"]
    if proposal["outcome"] is None:
        return []
    named = [(proposal["outcome"], proposal["confidence"])]
    named += [
        (other["outcome"], other.get("confidence")) for other in proposal["alternatives"] or ()
    ]
    return [
        _label(tell, one, outcome)
        if sure is None
        else tell("given", name=_label(tell, one, outcome), confidence=shown(sure, tell.language))
        for outcome, sure in named
    ]


def _verdicts(tell: _Teller, one: Gathered) -> list[str]:
    return [
        tell("a_person", did=tell(verdict["verdict"]), day=tell.day(verdict["given_at"]))
        for case in one.document["cases"]
        for verdict in case["verdicts"]
        if verdict["verdict"] in WORDS
    ]


def _said(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    return [
        said
        for entry in entries
        for name, said in entry.get("said", {}).items()
        if isinstance(said, str) and name != "subject"
    ]


def _truth(tell: _Teller, one: Gathered) -> list[str]:
    truth = one.document["ground_truth"]
    return [] if truth is None else [_label(tell, one, truth["outcome"]) or "–"]


def _recipients(tell: _Teller, told: Mapping[str, Any]) -> list[str]:
    lines = [] if told["asked_by"] is None else [tell("asked_by", app=told["asked_by"])]
    lines += [tell("told_to", app=one["app"], day=tell.day(one["at"])) for one in told["told_to"]]
    days = list(dict.fromkeys(tell.day(one["at"]) for one in told["read"]))
    if days:
        lines.append(tell("read", days=", ".join(days[-_MOST_DAYS:])))
    return lines


def _kept(tell: _Teller, told: Mapping[str, Any]) -> str:
    keep = (told["policy"]["retention"] or {}).get("keep")
    return tell("no_end") if keep is None else tell("keep", keep=str(keep))
