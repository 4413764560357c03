"""Charts as markup, one module each, with what they share: how to draw, rows of lanes, plots, and their look.

Each gives a ``Figure``: title, description, drawing, legend, the figures as a table, and the sentence they amount to. Not for: reading a
report, which ``sections`` does. May import: the standard library and ``audits.reports.words``.
"""
