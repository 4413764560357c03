"""Queues, their members and their working hours."""
