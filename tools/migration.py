"""Writes the schema's steps from the tables that the rooms declare.

    python -m tools.migration            the first step anew (until the first release, never after)
    python -m tools.migration --next word    a further step: what the tables have gained since

A step is written once and then read, thought about and kept; nothing here runs in production.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from sqlalchemy import MetaData

import ledger
from ledger import schema
from ledger.journal.database import Database
from ledger.journal.tables import metadata
from tools.docs import know_everything

VERSIONS = Path(ledger.__file__).parent / "migrations" / "versions"
FIRST = "0001_first_tables.py"


def all_tables() -> MetaData:
    """The tables of every room: each is imported, and with it its tables."""
    know_everything()
    return metadata


def step(number: str, down: str | None, title: str) -> str:
    """The text of a step from the schema as it is at `down` to what the rooms declare."""
    with TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/scratch.sqlite")
        if down is not None:
            schema.upgrade(database)
        with database.engine.connect() as conn:
            context = MigrationContext.configure(conn, opts={"compare_type": True})
            operations = produce_migrations(context, all_tables()).upgrade_ops
        database.close()
    assert operations is not None
    code = render_python_code(operations).splitlines()
    body = "\n".join(line for line in code if "# ###" not in line)
    return (
        f'"""{title}."""\n\nimport sqlalchemy as sa\nfrom alembic import op\n\n'
        f"revision = {number!r}\ndown_revision = {down!r}\n\n\n"
        f"def upgrade() -> None:\n    {body.lstrip()}\n"
    )


def write(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")
    ruff = Path(sys.executable).with_name("ruff")
    subprocess.run([ruff, "check", "--fix", "--quiet", "--exit-zero", path], check=True)
    subprocess.run([ruff, "format", "--quiet", path], check=True)
    print(path)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--next", metavar="WORD", help="what the further step is about")
    word = arguments.parse_args().next
    if word is None:
        write(VERSIONS / FIRST, step("0001", None, "The first tables"))
        return
    down = schema.newest()
    number = f"{int(down) + 1:04}"
    slug = re.sub(r"\W+", "_", word)
    path = VERSIONS / f"{number}_{slug}.py"
    write(path, step(number, down, word.capitalize()))


if __name__ == "__main__":
    main()
