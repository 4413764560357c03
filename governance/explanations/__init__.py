"""Explanations derived from what is stored, told for one audience."""
