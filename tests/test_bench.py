"""The measurements as a program reads them: well-formed rows. How fast is asked by `make bench`."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import orjson
import pytest

from bench import __main__ as bench
from bench.rows import Row


@pytest.mark.parametrize("measure", ["entries", "proofs", "signing", "pages"])
def test_a_quick_run_leaves_rows_that_a_program_can_read(tmp_path: Path, measure: str) -> None:
    results = tmp_path / "results.json"

    told = bench.main(["--quick", measure, "--into", str(results)])

    rows: list[dict[str, Any]] = orjson.loads(results.read_bytes())
    assert [Row(**row) for row in rows] == told
    assert {row["database"] for row in rows} == {"sqlite", "postgresql"}
    names = {(row["name"], row["database"]) for row in rows}
    assert len(names) == len(rows)
    for row in rows:
        assert set(row) == {field.name for field in fields(Row)}
        assert row["value"] > 0
        assert row["unit"]
        assert row["better"] in {"higher", "lower"}
        # What is compared stands in a row of its own; an absolute aim has no ratio beside it.
        assert not row["peer"] or (f"{row['name']}: {row['peer']}", row["database"]) in names
        assert row["ratio"] is None or row["peer"]


@pytest.mark.parametrize(
    ("row", "reached"),
    [
        (Row("a", "sqlite", 300, "entries/s", aim=250), True),
        (Row("a", "sqlite", 200, "entries/s", aim=250), False),
        (Row("a", "sqlite", 200, "entries/s", "b", 2.5, 2.0), True),
        (Row("a", "sqlite", 70, "ms", aim=60, better="lower"), False),
        (Row("a", "sqlite", 70, "ms", better="lower"), None),
    ],
)
def test_an_aim_is_of_the_ratio_where_there_is_one(row: Row, reached: bool | None) -> None:
    assert row.reached is reached


def test_a_name_that_is_no_measure_is_refused_with_those_that_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        bench.main(["everything"])

    said = capsys.readouterr().err
    assert all(name in said for name in bench.MEASURES)
