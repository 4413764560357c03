"""Webhooks: an app is told what became of its decisions, signed, at least once, and only when it counts."""
