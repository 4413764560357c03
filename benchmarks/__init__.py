"""Side-by-side measurements: ratios in one run on one machine, never a test."""
