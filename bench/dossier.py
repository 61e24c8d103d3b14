"""A dossier of a thousand records measured: taken, checked by the single file, and how big it is.

The raw limit beside it is the zip of the same files, and one SHA-256 of them.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from statistics import median

from bench.provinces import pair
from bench.rows import Places, Row
from ledger import evidence
from ledger.book import Look
from ledger.evidence import Kind, Sight, Subject, checking
from ledger.evidence.zipped import zipped
from tests.dossiers import unpacked
from tests.pair import Pair

AIM_MADE, AIM_CHECKED = 5.0, 5.0
ROUNDS = 3


def dossier(place: Places) -> list[Row]:
    """A period of one union: every record with its proof, its page twice, and the verifier."""
    wanted = place.size(1_000, 100)
    rows: list[Row] = []
    for database in ("sqlite", "postgresql"):
        with pair(place, database) as provinces:
            rows += _measured(place, provinces, database, wanted)
    return rows


def _measured(place: Places, provinces: Pair, database: str, wanted: int) -> list[Row]:
    home = provinces.home
    while (have := _count(provinces)) < wanted:
        for _ in range((wanted - have + 1) // 2):  # an application and an enrolment each
            provinces.member()
    provinces.sync()
    provinces.sync()
    subject = Subject(Kind.PERIOD, provinces.village, home.today, home.today)
    look = home.look()
    found: list[evidence.Dossier] = []

    def take() -> None:
        with home.ledger.looking(look) as reader:
            found.append(evidence.take(reader, subject, Sight()))

    made = _seconds(take)
    one = found[-1]
    files = unpacked(one.data)
    path = place.folder / "dossier.zip"
    path.write_bytes(one.data)
    alone = Path(evidence.__file__).with_name("verify.py")
    checked = _seconds(
        lambda: subprocess.run([sys.executable, "-I", alone, path], check=True, capture_output=True)
    )
    ours = _seconds(lambda: checking.check(one.data))
    raw = _seconds(lambda: (zipped(files.items()), sha256(one.data).digest()))
    name = f"a dossier of {one.records:,} records"
    return [
        Row(f"{name}: taken", database, made, "s", "zip of the same bytes", made / raw, None, "lower"),
        Row(f"{name}: taken, seconds", database, made, "s", aim=AIM_MADE, better="lower"),
        Row(f"{name}: checked by the single file", database, checked, "s", aim=AIM_CHECKED, better="lower"),
        Row(f"{name}: checked by our own code", database, ours, "s", better="lower"),
        Row(f"{name}: taken: zip of the same bytes", database, raw, "s", better="lower"),
        Row(f"{name}: size", database, len(one.data) / 1000, "kB", better="lower"),
    ]  # fmt: skip


def _count(provinces: Pair) -> int:
    home = provinces.home
    subject = Subject(Kind.PERIOD, provinces.village, home.today, home.today)
    with home.ledger.looking(Look("per_", home.root, "bench", "bench")) as reader:
        return len(evidence.matter(reader, subject, Sight()).told)


def _seconds(work: Callable[[], object]) -> float:
    times: list[float] = []
    for _ in range(ROUNDS + 1):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return median(times[1:])
