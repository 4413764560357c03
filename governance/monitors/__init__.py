"""Standing checks of fairness and quality: their state, what they find, and what is done about it."""
