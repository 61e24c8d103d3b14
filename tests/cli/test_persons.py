"""`liangdi person`: found by what one knows, masked as the office needs, and logged."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from ledger.cli.common import Exit
from ledger.demo.people import Someone, six_hundred
from tests.cli.conftest import Run, told, write_people


def looks(data: Path) -> int:
    engine = create_engine(f"sqlite:///{data}/45/ledger.db")
    with engine.connect() as conn:
        count = conn.execute(text("SELECT count(*) FROM reading")).scalar_one()
    engine.dispose()
    return int(count)


@pytest.mark.parametrize("by", ["number", "lower", "last4", "phone", "name", "pinyin", "initials"])
def test_a_worker_is_found_by_what_one_knows(run: Run, worker: Someone, by: str) -> None:
    what = {
        "number": worker.number, "lower": worker.number.lower(), "last4": worker.number[-4:],
        "phone": worker.phone, "name": worker.name, "pinyin": "wei xiuying", "initials": "wxy",
    }[by]  # fmt: skip

    (found,) = told(run("person", "find", what, "-p", "45", "--json"))["items"]

    assert found["name"] == worker.name
    assert found["union"] == "东兰县总工会"
    assert found["standing"] == "在册"


def test_all_that_is_said_must_fit(run: Run, worker: Someone) -> None:
    fits = run("person", "find", "--name", worker.name, "--birth", str(worker.born), "-p", "45")
    other = run("person", "find", "--name", worker.name, "--birth", "1970-01-01", "-p", "45")

    assert worker.name in fits.stdout
    assert other.exit_code == Exit.NOT_FOUND


def test_something_is_asked_and_only_in_one_way(run: Run) -> None:
    assert run("person", "find", "-p", "45").exit_code == Exit.USAGE
    assert run("person", "find", "韦秀英", "--phone", "1", "-p", "45").exit_code == Exit.USAGE


def test_numbers_are_whole_for_a_clerk_and_masked_for_a_liaison(run: Run, worker: Someone) -> None:
    clerk = run("person", "find", worker.name, "-p", "45", "--as", "gx-jingban")
    liaison = run("person", "find", worker.name, "-p", "45", "--as", "gx-lianluo")

    assert worker.number in clerk.stdout
    assert worker.number not in liaison.stdout
    assert worker.number[-4:] in liaison.stdout


def test_whoever_is_shown_is_on_the_read_log(run: Run, data: Path, worker: Someone) -> None:
    before = looks(data)

    run("person", "find", worker.name, "-p", "45", "--purpose", "audit")

    assert looks(data) == before + 1


def test_one_person_is_shown_in_short(run: Run, worker: Someone) -> None:
    shown = run("person", "show", worker.number, "-p", "45")
    file = told(run("person", "show", worker.number, "-p", "45", "--json"))

    assert worker.residence in shown.stdout
    assert "东兰县总工会" in shown.stdout
    assert file["identity"]["name"] == worker.name


def test_several_of_one_name_are_an_error_and_never_the_first(run: Run, tmp_path: Path) -> None:
    people = six_hundred()
    name = next(one.name for one in people if sum(p.name == one.name for p in people) > 1)
    same = [one for one in people if one.name == name]
    path = write_people(tmp_path / "同名.csv", same)
    told(run("import", "roster", str(path), "-p", "45", "--route", "home", "--json"))

    result = run("worker", name, "-p", "45")

    assert result.exit_code == Exit.USAGE
    assert f"{len(same)} 份档案" in result.stderr
    assert "per_" in result.stderr


def test_nobody_is_told_as_nobody(run: Run) -> None:
    result = run("worker", "per_" + "a" * 26, "-p", "45")

    assert result.exit_code == Exit.NOT_FOUND
