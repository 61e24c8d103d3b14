"""`python -m ledger.cli`: the same as `liangdi`, where nothing is installed."""

from ledger.cli import main

main()
