"""Run the measurements: ``python -m benchmarks`` runs all of them, ``python -m benchmarks fairness`` one, with its own options."""

from __future__ import annotations

import importlib
import sys
from typing import Final

MEASUREMENTS: Final = (
    "console",
    "decisions",
    "fairness",
    "imports",
    "log",
    "monitors",
    "verifying",
)


def main() -> None:
    """Run what the command line names; options alone are those of ``decisions``."""
    chosen, options = MEASUREMENTS, sys.argv[1:]
    if options and options[0].startswith("-"):
        chosen = ("decisions",)
    elif options:
        chosen, options = (options[0],), options[1:]
    for name in chosen:
        if name not in MEASUREMENTS:
            sys.exit(
                f"There is no measurement {name!r}; expected one of {', '.join(MEASUREMENTS)}."
            )
        print(f"\n=== {name}")
        sys.argv = [f"benchmarks.{name}", *options]
        importlib.import_module(f"benchmarks.{name}").main()


main()
