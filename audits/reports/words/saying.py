"""Say the figures of one report in its language, with the names that its policy gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from audits.reports.words import numbers, terms
from audits.reports.words.sentences import SENTENCES

Labels = Mapping[str, Mapping[str, str]]

#: In weeks.
_TWO_YEARS: Final = 104


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A language, and what outcomes and attributes are called in it.

    ``positive`` are the outcomes that the policy measures. A label that lacks the language is taken in English, then in any.
    """

    language: str
    positive: Sequence[str] = ()
    outcome_labels: Labels = field(default_factory=dict)
    attribute_labels: Labels = field(default_factory=dict)
    feature_labels: Labels = field(default_factory=dict)

    def say(self, sentence: str, **slots: str) -> str:
        """Fill a sentence."""
        return SENTENCES[sentence][self.language].format_map(slots)

    def odds(self, log10_e: float) -> str:
        """Say evidence as odds against the tolerance being kept: ``1 : 2,511``, as monitors do."""
        if log10_e >= 6:
            return f"1{numbers.NO_BREAK}: 10{_raised(round(log10_e))}"
        if log10_e >= 0:
            return f"1{numbers.NO_BREAK}: {numbers.count(10**log10_e, self.language)}"
        return f"{numbers.count(min(10**-log10_e, 10**6), self.language)}{numbers.NO_BREAK}: 1"

    # -------------------------------------------------------------------------- names

    def outcome(self, name: str) -> str:
        """Name an outcome as the policy labels it."""
        return self._label(self.outcome_labels.get(name), name)

    def attribute(self, name: str) -> str:
        """Name a group attribute, inside a sentence."""
        known = terms.ATTRIBUTES.get(name)
        return self._label(self.attribute_labels.get(name) or known, name.replace("_", " "))

    def feature(self, name: str) -> str:
        """Name a fact as the policy labels it."""
        return self._label(self.feature_labels.get(name), name.replace("_", " "))

    def positives(self) -> str:
        """Name the measured outcomes, in quotation marks."""
        if not self.positive:
            return self.say("any_positive")
        quoted = [numbers.quoted(self.outcome(name), self.language) for name in self.positive]
        return numbers.joined(quoted, self.language, alternative=True)

    def metric(self, name: str, stage: str = "") -> str:
        """Name a rate inside a sentence that goes on: what ends in a clause of its own is closed by a comma."""
        alone = self.metric_name(name, stage)
        return f"{alone}," if ", " in alone else alone

    def metric_name(self, name: str, stage: str = "") -> str:
        """Name a rate of a stage in plain words, as a noun phrase."""
        metric = terms.METRICS.get(name)
        known = terms.COMPOSITES.get(name) if metric is None else metric.name
        if metric is not None and stage == "outcome" and metric.in_the_end is not None:
            known = metric.in_the_end
        if known is None:
            return name.replace("_", " ")
        return known[self.language].format(positive=self.positives())

    def counted(self, name: str, stage: str, **slots: str) -> str | None:
        """Say a rate of a group with the counts it is made of; None for what is no rate of anybody."""
        metric = terms.METRICS.get(name)
        if metric is None:
            return None
        said = metric.done if stage == "outcome" and metric.done is not None else metric.counted
        return said[self.language].format(positive=self.positives(), **slots)

    def group(self, group: Mapping[str, str]) -> str:
        """Name a group where its attributes are known from around it: ``female · 60+``."""
        return " · ".join(group.values())

    def people(self, group: Mapping[str, str]) -> str:
        """Name a group inside a sentence: people with gender “female” and age band “60+”."""
        values = [
            self.say(
                "group.value",
                attribute=self.attribute(attribute),
                value=value,
            )
            for attribute, value in group.items()
        ]
        return self.say("group", values=numbers.joined(values, self.language))

    def decisions(self, figure: float) -> str:
        if round(figure) == 1:
            return self.say("decisions.one")
        return self.say("decisions", count=numbers.count(figure, self.language))

    def weeks(self, figure: float) -> str:
        """Say a number of weeks; of more than two years as years."""
        if figure > _TWO_YEARS:
            return self.say("years", count=numbers.count(figure / 52.18, self.language))
        if round(figure) <= 1:
            return self.say("weeks.one")
        return self.say("weeks", count=numbers.count(figure, self.language))

    def short_duration(self, minutes: float) -> str:
        """Write a time for an axis: 15 min, 4 h, 3 d."""
        units = {"en": ("min", "h", "d"), "de": ("Min.", "Std.", "T.")}[self.language]
        place, size = (2, 1440) if minutes >= 1440 else (1, 60) if minutes >= 60 else (0, 1)
        return (
            f"{numbers.trimmed(minutes / size, self.language, 0)}{numbers.NO_BREAK}{units[place]}"
        )

    def _label(self, labels: Mapping[str, str] | None, otherwise: str) -> str:
        if not labels:
            return otherwise
        return labels.get(self.language) or labels.get("en") or next(iter(labels.values()))


def _raised(figure: int) -> str:
    return str(figure).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
