"""Storing prepared decisions: what their rows are, and how each database takes a batch of them."""
