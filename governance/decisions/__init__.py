"""Decisions: asking, storing, reading and withdrawing them."""
