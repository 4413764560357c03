"""Counts of decisions by group, as tests write them down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from audits.fairness.counts import (
    NOT_YET,
    RIGHT,
    WRONG,
    Cell,
    Counts,
    Group,
    Measure,
    Stage,
)

YES, NO = "yes", "no"


def group(**attributes: str) -> Group:
    """Name a group: ``group(gender="female", age="60+")``."""
    return tuple(sorted(attributes.items()))


def cell(
    of: Group,
    count: int,
    value: str = YES,
    truth: str = NOT_YET,
    *,
    stage: Stage = Stage.PROPOSAL,
    mature: bool = True,
    imported: bool = False,
) -> Cell:
    return Cell(
        stage=stage,
        group=of,
        value=value,
        truth=truth,
        mature=mature,
        imported=imported,
        count=count,
    )


def confusion(
    of: Group, *, tp: int = 0, fp: int = 0, fn: int = 0, tn: int = 0, **more: Any
) -> list[Cell]:
    """Make the cells of a group of which all labels are known."""
    return [
        cell(of, tp, YES, YES, **more),
        cell(of, fp, YES, NO, **more),
        cell(of, fn, NO, YES, **more),
        cell(of, tn, NO, NO, **more),
    ]


def selection(of: Group, selected: int, total: int, **more: Any) -> list[Cell]:
    """Make the cells of a group of which no label is known."""
    return [cell(of, selected, YES, **more), cell(of, total - selected, NO, **more)]


def routing(of: Group, value: str, *, right: int = 0, wrong: int = 0, unknown: int = 0) -> list:
    return [
        cell(of, right, value, RIGHT, stage=Stage.ROUTING),
        cell(of, wrong, value, WRONG, stage=Stage.ROUTING),
        cell(of, unknown, value, stage=Stage.ROUTING),
    ]


def review(of: Group, **values: int) -> list[Cell]:
    """Make the cells of what people did: ``review(women, kept=8, toward=2)``."""
    return [cell(of, count, value, stage=Stage.REVIEW) for value, count in values.items()]


def counts(
    cells: Iterable[Cell],
    *,
    positive: frozenset[str] = frozenset({YES}),
    outcomes: Mapping[str, Mapping[str, str]] | None = None,
    measure: Mapping[str, Any] | None = None,
    **more: Any,
) -> Counts:
    found = tuple(cells)
    attributes = sorted({name for one in found for name, _ in one.group})
    given: dict[str, Any] = {
        "decision_point": "loans",
        "kind": "scoring",
        "since": "2026-01-01",
        "until": "2026-01-28",
        "outcomes": outcomes or {YES: {"en": "Yes"}, NO: {"en": "No"}},
        "attributes": tuple(attributes),
        "measure": Measure(positive=positive, **(measure or {})),
        "cells": found,
    }
    return Counts(**(given | more))
