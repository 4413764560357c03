"""Gold cases: cases with a known answer, made from resolved ones and put among the others to see whether mistakes are caught."""
