"""Figures that show whether people really oversee the machine, from records of reviews and counts by group.

For: pure arithmetic, one module a family of figures, and ``report`` that puts them together. Not for: reading reviews, keeping anything, or
knowing whom a review is about; a group comes in as a count alone. May import: the standard library and ``audits.fairness``.
"""
