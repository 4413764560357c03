"""A decision's group, as the counts know it: what the vault holds, reduced to what the policy declares.

Only the fairness role reads here. What leaves are counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from sqlalchemy.orm import Session

from governance.counting.models import GroupValue
from governance.decisions.preparing import GROUPS_PAYLOAD
from governance.storage.inserting import insert
from governance.subjects.keys import SubjectKey, SubjectKeys
from governance.subjects.models import SubjectKeyRow, VaultRow
from policies.document import Policy

#: Values that one attribute may have at a point before further ones are counted together.
MOST_VALUES: Final = 60
OTHERS: Final = "(others)"
_LONGEST: Final = 60
_AT_ONCE: Final = 500


def recorded(
    session: Session, keys: SubjectKeys, decision_ids: Sequence[str]
) -> dict[str, dict[str, str]]:
    """Return the group attributes of decisions as the vault holds them; what cannot be opened is left out."""
    found: dict[str, dict[str, str]] = {}
    opened: dict[str, SubjectKey] = {}
    for start in range(0, len(decision_ids), _AT_ONCE):
        rows = session.execute(
            sa.select(
                VaultRow.decision_id,
                VaultRow.nonce,
                VaultRow.ciphertext,
                VaultRow.key_id,
                SubjectKeyRow.subject_tag,
                SubjectKeyRow.wrapped,
            )
            .join(SubjectKeyRow, SubjectKeyRow.id == VaultRow.key_id)
            .where(VaultRow.decision_id.in_(decision_ids[start : start + _AT_ONCE]))
        )
        for row in rows:
            try:
                key = opened.get(row.key_id)
                if key is None:
                    key = opened[row.key_id] = keys.open(row.key_id, row.subject_tag, row.wrapped)
                plaintext = key.decrypt(row.decision_id, GROUPS_PAYLOAD, row.nonce, row.ciphertext)
            except InvalidTag:
                continue
            found[row.decision_id] = orjson.loads(plaintext)
    return found


class KnownValues:
    """The values that attributes have had, so that no app can fill the counts with ever new ones."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[tuple[str, str], set[str]] = {}

    def key_of(self, policy: Policy, decision: Any, groups: Mapping[str, str]) -> str:
        """Return a decision's group as the count tables name it: canonical JSON of the declared attributes that are known."""
        told = dict(groups)
        if (
            "language" in policy.attributes
            and "language" not in policy.groups
            and decision.language
        ):
            told["language"] = decision.language.partition("-")[0].lower()
        kept = {
            name: self._kept(policy.decision_point, name, value)
            for name, value in told.items()
            if name in policy.attributes and value.strip()
        }
        return orjson.dumps(kept, option=orjson.OPT_SORT_KEYS).decode()

    def _kept(self, point: str, attribute: str, value: str) -> str:
        value = value.strip()[:_LONGEST]
        known = self._known.get((point, attribute))
        if known is None:
            known = self._known[point, attribute] = set(
                self._session.execute(
                    sa.select(GroupValue.value).where(
                        GroupValue.point == point, GroupValue.attribute == attribute
                    )
                ).scalars()
            )
        if value in known:
            return value
        if len(known) >= MOST_VALUES:
            return OTHERS
        self._remember(point, attribute, value)
        known.add(value)
        return value

    def _remember(self, point: str, attribute: str, value: str) -> None:
        self._session.execute(
            insert(self._session, GroupValue)
            .values(point=point, attribute=attribute, value=value)
            .on_conflict_do_nothing()
        )


class ReadOnlyValues(KnownValues):
    """The same, for whoever only looks: what is new is not remembered beyond this look."""

    def _remember(self, point: str, attribute: str, value: str) -> None:
        """Remember nothing."""
