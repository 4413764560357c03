"""Say figures in plain words, in English and German, to somebody who knows no statistics.

``numbers`` writes figures, ``terms`` names what is measured, ``sentences`` are the sentences; ``Words`` puts them together
for one report. May import: the standard library and ``audits.fairness``.
"""

from __future__ import annotations

from audits.reports.words.saying import Words

__all__ = ["Words"]
