"""Are the keys that count for the log those that its entries name?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from audits.log.entries import EntryKind
from governance.ledger.models import KeyPurpose, LogKey

#: Entries that say which keys count.
KINDS = (EntryKind.LOG_OPENED, EntryKind.LOG_KEY_ADDED, EntryKind.LOG_KEY_RETIRED)
_Known = dict[str, dict[str, Any]]


def differences(
    entries: Iterable[Mapping[str, Any]], rows: Iterable[LogKey], pruned: Mapping[int, int]
) -> Iterator[tuple[str, str, str]]:
    """Yield, for each key whose row is not what the entries say of it, which key it is, what they say and what is there.

    ``pruned`` is by epoch the index below which entries are no longer kept: of a key from before nothing can be told.

    Raises:
        KeyError: an entry does not say what its kind does.
    """
    known: _Known = {}
    for entry in sorted(entries, key=lambda entry: entry["kind"] == EntryKind.LOG_KEY_RETIRED):
        data = entry["data"]
        if entry["kind"] == EntryKind.LOG_KEY_RETIRED:
            known.setdefault(data["vkey"], {}).update(
                retired_epoch=data["epoch"],
                retired_at_index=data["retired_at"],
                retired_because=data["because"],
            )
        else:
            known[data["vkey"]] = {
                "purpose": data.get("purpose", KeyPurpose.LOG.value),
                "epoch": data["epoch"],
                "active_from_index": data.get("active_from", 0),
                "retired_epoch": None,
                "retired_at_index": None,
                "retired_because": None,
            }
    for row in rows:
        said = known.pop(row.vkey, None)
        if said is None and pruned.get(row.epoch, 0) > row.active_from_index:
            continue
        if said is None:
            yield row.vkey, "no such key", "a key that counts"
            continue
        got = {name: getattr(row, name) for name in said}
        if got != said:
            yield row.vkey, _told(said), _told(got)
    for vkey, said in known.items():
        yield vkey, _told(said), "nothing"


def _told(said: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in said.items() if value is not None)
