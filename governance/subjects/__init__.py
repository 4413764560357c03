"""Subjects' keys, what is encrypted under them, and the vault of group attributes."""
