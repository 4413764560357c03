"""`python -m governance.cli`, which is `answerable`."""

from governance.cli import main

main()
