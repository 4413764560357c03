"""Figures of fairness from counts: rates with intervals, comparisons with verdicts, monitors that may be looked at any time.

For: pure arithmetic on counts by group. Not for: reading counts, keeping anything, or knowing whom a count is about.
May import the standard library alone, so that the web service can show a report without further packages.
"""
