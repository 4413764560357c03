"""Reports: made from counts, signed, kept, verified; and what an auditor sees first."""
