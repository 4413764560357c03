"""The sections of a report's document, one module each: from figures to sentences, tables and charts in the order people ask.

``view`` reads the report; ``comparing`` and ``counting`` tell comparisons and rates wherever they stand. May import: the standard library,
``audits.fairness``, and the rest of ``audits.reports`` but ``document`` and ``page``.
"""
