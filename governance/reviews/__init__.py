"""Cases that wait for a person, the verdicts given on them, and what happens when nobody does."""
