"""What needs two people: one asks, another confirms."""
