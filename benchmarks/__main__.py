"""Run the measurements: ``python -m benchmarks``."""

from benchmarks.decisions import main

main()
