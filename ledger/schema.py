"""The schema (库表结构): brings a database to the tables that this version is written for.

Any number of processes may start at once: one migrates, the others wait for it. Where there is
nothing to do it costs two small questions, and Alembic is not even imported.
"""

from importlib.resources import files
from typing import Any

from sqlalchemy import Connection, inspect, text

from ledger.journal.database import Database

LOCK = 0x6C69616E676469
"""The advisory lock of whoever migrates on PostgreSQL: "liangdi" in ASCII."""


class NewerSchema(RuntimeError):
    """The database has tables of a newer version of this program: install that one."""


def newest() -> str:
    """The revision that this version is written for: the last file in `migrations/versions`."""
    steps = files("ledger").joinpath("migrations", "versions").iterdir()
    return max(step.name[:4] for step in steps if step.name[:4].isdecimal())


def revision(conn: Connection) -> str | None:
    """The revision of the database; None where it is empty."""
    if not inspect(conn).has_table("alembic_version"):
        return None
    return conn.execute(text("SELECT version_num FROM alembic_version")).scalar()


def upgrade(database: Database, *, role: str | None = None) -> bool:
    """Brings the schema up to date; returns whether there was anything to migrate.

    `role` is the application's role on PostgreSQL, where it is another one than the one that
    migrates: it may read and add records, and never change or delete one (see `grant`).

    Raises: NewerSchema.
    """
    role = None if database.is_sqlite else role
    with database.reading() as conn:
        if _is_current(conn) and _is_granted(conn, role):
            return False
    with database.writing() as conn:  # SQLite: nobody else writes from here on
        if not database.is_sqlite:
            conn.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        current = _is_current(conn)
        if not current:
            _migrate(conn)
        if role is not None and not (current and _is_granted(conn, role)):
            grant(conn, role)
    return not current


def _is_current(conn: Connection) -> bool:
    found, wanted = revision(conn), newest()
    if found is not None and found > wanted:
        raise NewerSchema(f"the database is at revision {found}, this program at {wanted}")
    return found == wanted


def _is_granted(conn: Connection, role: str | None) -> bool:
    held = text("SELECT has_table_privilege(:role, 'record', 'INSERT')")
    return role is None or bool(conn.execute(held, {"role": role}).scalar())


def create(conn: Connection) -> None:
    """Makes the tables of this version in an empty database, within a transaction of the caller's."""
    _migrate(conn)


def _migrate(conn: Connection) -> None:
    from alembic import command  # slow to import, and needed once a release
    from alembic.config import Config

    config = Config(attributes={"connection": conn})
    config.set_main_option("script_location", "ledger:migrations")
    command.upgrade(config, "head")


KEPT = (
    "record", "tile", "channel_leaf", "head", "checkpoint", "cosignature", "contradiction",
    "alembic_version",
)  # fmt: skip
"""Tables of which the application's role may delete nothing."""

ALTERED = {"head": "", "channel_leaf": "(read_at)"}
"""What of those it may alter all the same: where a log ends, and when a partner's leaf was read."""


def grant(conn: Connection, role: str) -> None:
    """Gives the application's role its rights on PostgreSQL: records are added, never changed."""
    quote = conn.dialect.identifier_preparer.quote
    name = quote(role)
    schema = quote(str(conn.execute(text("SELECT current_schema()")).scalar_one()))
    give: list[Any] = [f"GRANT USAGE ON SCHEMA {schema} TO {name}"]
    for table in inspect(conn).get_table_names():
        target = f"{schema}.{quote(table)}"
        give.append(f"REVOKE ALL ON {target} FROM {name}")
        if table == "alembic_version":
            give.append(f"GRANT SELECT ON {target} TO {name}")
        elif table in KEPT:
            give.append(f"GRANT SELECT, INSERT ON {target} TO {name}")
            if table in ALTERED:
                give.append(f"GRANT UPDATE {ALTERED[table]} ON {target} TO {name}")
        else:
            give.append(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {target} TO {name}")
    for statement in give:
        conn.exec_driver_sql(statement)
