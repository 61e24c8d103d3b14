"""`python -m bench [--quick] [NAME …]`: measures, prints a table, writes `bench/results.json`."""

import argparse
import gc
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table

from bench.aid import aid
from bench.audits import audits
from bench.casework import large_case
from bench.dossier import dossier
from bench.entries import entries
from bench.files import files
from bench.funds import fund
from bench.journal import MEASURES as JOURNAL
from bench.keys import keys
from bench.mirror import mirror
from bench.pages import pages
from bench.proofs import proofs
from bench.rosters import rosters
from bench.rows import Places, Row, places
from bench.signing import signing
from bench.simulating import simulating
from bench.views import rebuild

MEASURES: dict[str, Callable[[Places], list[Row]]] = {
    **JOURNAL, "entries": entries, "rosters": rosters, "rebuild": rebuild, "aid": aid, "fund": fund,
    "case": large_case, "files": files, "audits": audits, "keys": keys, "proofs": proofs,
    "signing": signing, "simulating": simulating, "mirror": mirror, "dossier": dossier, "pages": pages,
}  # fmt: skip
RESULTS = Path(__file__).with_name("results.json")


def main(arguments: Sequence[str] | None = None) -> list[Row]:
    """Measures what is asked for, in the order of `MEASURES`."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MEASURES))
    parser.add_argument("--quick", action="store_true", help="smaller ledgers, fewer rounds")
    parser.add_argument("--into", type=Path, default=RESULTS, metavar="FILE", help="results.json")
    asked = parser.parse_args(arguments)
    unknown = set(asked.names) - set(MEASURES)
    if unknown:
        parser.error(f"no measure {', '.join(sorted(unknown))}; there are: {', '.join(MEASURES)}")
    rows: list[Row] = []
    gc.freeze()  # as the command line does
    gc.set_threshold(10_000)
    with places(quick=asked.quick) as place:
        for name, measure in MEASURES.items():
            if not asked.names or name in asked.names:
                begun = time.monotonic()
                place.tell(name)
                rows += measure(place)
                place.tell(f"{name}: {time.monotonic() - begun:.0f} s")
    asked.into.write_bytes(
        orjson.dumps([row.as_json() for row in rows], option=orjson.OPT_INDENT_2) + b"\n"
    )
    wide = None if sys.stdout.isatty() else 140
    Console(width=wide).print(table_of(rows))
    return rows


def table_of(rows: Sequence[Row]) -> Table:
    """The rows as a person reads them; what misses its aim is marked."""
    table = Table()
    table.add_column("what", no_wrap=True)
    table.add_column("database")
    for heading in ("value", "ratio", "aim"):
        table.add_column(heading, justify="right")
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f} × {row.peer}"
        sign = "≥" if row.better == "higher" else "≤"
        aim = "" if row.aim is None else f"{sign} {row.aim:,g}{'' if row.ratio is None else ' ×'}"
        mark = {None: "", True: "[green]✓[/green] ", False: "[red]✗[/red] "}[row.reached]
        value = f"{row.value:,.0f}" if row.value >= 100 else f"{row.value:,.1f}"
        table.add_row(row.name, row.database, f"{value} {row.unit}", ratio, f"{mark}{aim}")
    return table


if __name__ == "__main__":
    main()
