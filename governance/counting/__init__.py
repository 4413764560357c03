"""Counts by group: folded from deltas by the fairness role, which alone reads the vault; reconciled with the rows; read for reports."""
