"""People only: the stop button of one decision point or of all."""
