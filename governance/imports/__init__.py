"""Files of the past: decisions, ground truth and group attributes, taken line by line, once each, however often it is interrupted."""
