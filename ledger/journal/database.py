"""One database of one province: SQLite file or PostgreSQL, behind the same few words.

SQLite: WAL, `synchronous=FULL`, writers begin IMMEDIATE and wait for each other. PostgreSQL:
psycopg, read committed; writers meet on the head row. Statements are written once in SQLAlchemy
Core and compiled once a dialect (`Statement`), for compiling anew costs more than the row.
"""

import sqlite3
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from itertools import chain
from typing import Any, ClassVar

import orjson
import psycopg
from psycopg.types.string import BytesBinaryDumper
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    Connection,
    CursorResult,
    Dialect,
    Engine,
    Integer,
    LargeBinary,
    Table,
    Text,
    any_,
    bindparam,
    create_engine,
    event,
    exc,
    func,
    make_url,
    select,
)
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.sql import ClauseElement

TAKEN = (exc.IntegrityError, sqlite3.IntegrityError, psycopg.IntegrityError)
"""What a database says of a key that is there already; the driver itself, or SQLAlchemy for it."""

AWAY = (exc.OperationalError, sqlite3.OperationalError, psycopg.OperationalError)
"""What it says when it cannot be asked: not there, locked, out of room."""


class Statement:
    """A Core statement, compiled once for each dialect and run by the driver with named values."""

    def __init__(self, clause: ClauseElement) -> None:
        self._clause = clause
        self._compiled: dict[str, tuple[str, Sequence[str] | None, Mapping[str, Any]]] = {}

    def for_dialect(self, dialect: Dialect) -> tuple[str, Sequence[str] | None, Mapping[str, Any]]:
        found = self._compiled.get(dialect.name)
        if found is None:
            # `render_postcompile` leaves no placeholder that only SQLAlchemy could fill.
            made: Any = self._clause.compile(
                dialect=dialect, compile_kwargs={"render_postcompile": True}
            )
            found = (str(made), made.positiontup, dict(made.params))
            self._compiled[dialect.name] = found
        return found

    def run(self, conn: Connection, **values: Any) -> CursorResult[*tuple[Any, ...]]:
        sql, order, fixed = self.for_dialect(conn.dialect)
        params = {**fixed, **values}
        if order is None:
            return conn.exec_driver_sql(sql, params)
        return conn.exec_driver_sql(sql, tuple(params[name] for name in order))

    def rows(self, conn: Connection, **values: Any) -> list[tuple[Any, ...]]:
        """All rows of the answer, as plain tuples."""
        found: list[tuple[Any, ...]] = self.drive(conn, **values).fetchall()
        return found

    def bare(self, conn: Connection, **values: Any) -> Iterable[tuple[Any, ...]]:
        """Rows of numbers and bytes, as the database has them: not spelled out on the way."""
        sql, order, fixed = self.for_dialect(conn.dialect)
        params = {**fixed, **values}
        driver: Any = conn.connection.driver_connection
        if order is None:
            return driver.execute(sql, params, binary=True)
        return driver.execute(sql, tuple(params[name] for name in order))

    def blobs(self, conn: Connection, **values: Any) -> list[bytes]:
        """The one column of an answer that is all bytes."""
        return [bytes(blob) for (blob,) in self.bare(conn, **values)]

    def drive(self, conn: Connection, **values: Any) -> Any:
        """As `run`, at a third of the cost: by the driver itself, with its cursor and its faults."""
        sql, order, fixed = self.for_dialect(conn.dialect)
        params = {**fixed, **values}
        driver: Any = conn.connection.driver_connection
        if order is None:
            return driver.execute(sql, params)
        return driver.execute(sql, tuple(params[name] for name in order))

    def each(
        self, conn: Connection, name: str, keys: Iterable[Any], **values: Any
    ) -> Iterator[tuple[Any, ...]]:
        """The rows of one question after the other, which differ in one value only."""
        sql, order, fixed = self.for_dialect(conn.dialect)
        params = {**fixed, **values}
        driver: Any = conn.connection.driver_connection
        for params[name] in keys:
            yield from driver.execute(
                sql, params if order is None else [params[each] for each in order]
            )

    def run_many(self, conn: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
        sql, order, fixed = self.for_dialect(conn.dialect)
        if order is None:
            batch: list[Any] = [{**fixed, **row} for row in rows]
        else:
            batch = [tuple({**fixed, **row}[name] for name in order) for row in rows]
        if batch:
            conn.exec_driver_sql(sql, batch)


class ByKey:
    """One question about any number of keys, compiled once; the keys go in by `column`.

    Many keys go in as one list, on PostgreSQL an array and on SQLite JSON; a few one by one, and
    on SQLite bytes as well, which JSON cannot say.
    """

    # Up to so many one by one: where nothing travels, a short list costs more than it saves.
    FEW: ClassVar[Mapping[str, int]] = {"postgresql": 1, "sqlite": 4}

    def __init__(self, query: Any, column: ColumnElement[Any]) -> None:
        self._one = Statement(query.where(column == bindparam("key")))
        listed = bindparam("keys", type_=ARRAY(column.type))
        self._many = Statement(query.where(column == any_(listed)))
        told = func.json_each(bindparam("keys", type_=Text)).table_valued("value")
        self._many_told = Statement(query.where(column.in_(select(told.c.value))))
        self._bytes = isinstance(column.type, LargeBinary)

    def rows(self, conn: Connection, keys: Sequence[Any], **values: Any) -> list[tuple[Any, ...]]:
        """The rows about all these keys, as plain tuples; in the order asked for within a key."""
        database = conn.dialect.name
        if len(keys) <= self.FEW[database] or (database == "sqlite" and self._bytes):
            return list(self._one.each(conn, "key", keys, **values))
        if database == "sqlite":
            return self._many_told.rows(conn, keys=orjson.dumps(list(keys)).decode(), **values)
        return self._many.rows(conn, keys=list(keys), **values)

    @property
    def one(self) -> Statement:
        """The question about a single key."""
        return self._one


class Database:
    """Connections to one province's database. Safe to share between threads.

    `url` as SQLAlchemy's; `prepare_threshold=none` in a PostgreSQL query string of ours switches
    server-side prepared statements off, which PgBouncer in transaction mode needs.
    """

    KEPT = 4
    """How many idle connections of each kind stay ready; making one ready costs a transaction."""

    def __init__(self, url: str, *, pool_size: int = 8) -> None:
        parsed = make_url(url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        arguments: dict[str, Any] = {}
        if self.is_sqlite:
            arguments = {"check_same_thread": False, "timeout": 60}
        elif parsed.query.get("prepare_threshold") == "none":
            parsed = parsed.difference_update_query(["prepare_threshold"])
            arguments = {"prepare_threshold": None}
        self.url = parsed
        self.engine: Engine = create_engine(
            parsed, connect_args=arguments, pool_size=pool_size, max_overflow=32
        )
        if self.is_sqlite:
            event.listen(self.engine, "connect", _sqlite_connected)
            event.listen(self.engine, "begin", _sqlite_begins)
            self._to_read: dict[str, Any] = {"ledger": "reads"}
            self._to_write: dict[str, Any] = {"ledger": "writes"}
            self._to_do_at_once = self._to_write
        else:
            event.listen(self.engine, "connect", _postgres_connected)
            self._to_read = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
            self._to_write = {}
            self._to_do_at_once = {"isolation_level": "AUTOCOMMIT"}
        self._closed = False
        self._readers: deque[Connection] = deque()
        self._writers: deque[Connection] = deque()
        self._singles: deque[Connection] = deque()

    def reading(self) -> AbstractContextManager[Connection]:
        """One consistent view of the database; nothing can be written through it by accident."""
        return self._transaction(self._readers, self._to_read)

    def writing(self) -> AbstractContextManager[Connection]:
        """One transaction that is written as a whole or not at all."""
        return self._transaction(self._writers, self._to_write)

    def at_once(self) -> AbstractContextManager[Connection]:
        """For one statement that is a transaction of its own: begin and commit cost no journey."""
        return self._transaction(self._singles, self._to_do_at_once)

    @contextmanager
    def _transaction(self, idle: deque[Connection], ready: dict[str, Any]) -> Generator[Connection]:
        try:
            conn = idle.pop()
        except IndexError:
            conn = self.engine.connect().execution_options(**ready)
        try:
            with conn.begin():
                yield conn
        except BaseException:
            if conn.invalidated:  # the server went away, and from under the idle ones too
                self._let_go()
            conn.close()
            raise
        if self._closed:
            conn.detach()  # its pool is gone: closing it closes the connection itself
        if len(idle) < self.KEPT and not self._closed:
            idle.append(conn)
        else:
            conn.close()

    def _let_go(self) -> None:
        for idle in (self._readers, self._writers, self._singles):
            with suppress(IndexError):  # another thread may empty it beside us
                while True:
                    idle.pop().close()

    def scrub(self, *tables: Table) -> None:
        """Takes what was deleted out of the log and the pages too, as far as the database can.

        SQLite overwrites as it deletes; here the write-ahead log is emptied, unless somebody reads
        in it at this moment. PostgreSQL lets go of dead rows of these tables; a role that does not
        own them may not, and leaves them to autovacuum.
        """
        if self.is_sqlite:
            pooled = self.engine.raw_connection()
            try:
                driver: Any = pooled.driver_connection
                driver.execute("PRAGMA busy_timeout=500").close()  # who reads is not waited for
                driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
                driver.execute("PRAGMA busy_timeout=60000").close()
            finally:
                pooled.close()
            return
        for table in tables:
            with self.at_once() as conn:
                conn.exec_driver_sql(f'VACUUM "{table.name}"')

    def close(self) -> None:
        """Closes every connection; one that is in use, as soon as it is no longer."""
        self._closed = True
        self._let_go()
        self.engine.dispose()


def _sqlite_connected(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    assert isinstance(connection, sqlite3.Connection)
    connection.isolation_level = None  # transactions are begun by us, never behind our back
    for pragma in (
        "busy_timeout=60000",
        "journal_mode=WAL",
        "synchronous=FULL",
        "wal_autocheckpoint=4000",
        "foreign_keys=ON",
        "cache_size=-65536",
        "mmap_size=67108864",  # counted as our memory, so no more than what is worth it
        "temp_store=MEMORY",
        "secure_delete=ON",  # what is deleted is overwritten: a destroyed key leaves no trace
    ):
        _set(connection, pragma)


def _set(connection: sqlite3.Connection, pragma: str) -> None:
    """Tries again where others turn the same new file to WAL: SQLite asks no busy handler there."""
    for left in reversed(range(600)):
        try:
            connection.execute(f"PRAGMA {pragma}").close()
        except sqlite3.OperationalError as fault:
            if fault.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or not left:
                raise
            time.sleep(0.1)
        else:
            return


def _sqlite_begins(conn: Connection) -> None:
    # By the driver: SQLAlchemy's way to run a statement costs more than this one does.
    driver: Any = conn.connection.driver_connection
    intent = conn.get_execution_options().get("ledger")
    query_only, known = intent == "reads", conn.connection.info
    if known.get("query_only", False) != query_only:  # setting it expires every statement
        driver.execute(f"PRAGMA query_only={'ON' if query_only else 'OFF'}")
        known["query_only"] = query_only
    driver.execute("BEGIN IMMEDIATE" if intent == "writes" else "BEGIN")


def _postgres_connected(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # COPY asks by type, and would get a slower one that SQLAlchemy has no use for.
    driver: Any = connection
    driver.adapters.register_dumper(bytes, BytesBinaryDumper)


_BINARY_TYPES: Mapping[type[Any], str] = {
    BigInteger: "int8", Boolean: "bool", Integer: "int4", LargeBinary: "bytea", Text: "text",
}  # fmt: skip


TOGETHER = 50
"""How many rows one statement of SQLite's adds: each is a step that other threads may come between."""


def load(conn: Connection, table: Table, rows: Sequence[Sequence[Any]]) -> None:
    """Adds many rows, values in the table's column order: COPY on PostgreSQL, else by the dozen."""
    if not rows:
        return
    if conn.dialect.name == "postgresql" and len(rows) > 20:
        pour(conn, table, rows)
        return
    names = [column.name for column in table.columns]
    key = table.name
    statement = _INSERTS.get(key)
    if statement is None:
        statement = _INSERTS[key] = Statement(table.insert())
    if len(rows) == 1:
        statement.drive(conn, **dict(zip(names, rows[0], strict=True)))
        return
    sql, order, _ = statement.for_dialect(conn.dialect)
    if order is None:
        conn.exec_driver_sql(sql, [dict(zip(names, row, strict=True)) for row in rows])
        return
    driver: Any = conn.connection.driver_connection
    whole = len(rows) - len(rows) % TOGETHER
    one = f"({', '.join('?' * len(names))})"
    many = sql + f", {one}" * (TOGETHER - 1)
    for start in range(0, whole, TOGETHER):
        driver.execute(many, list(chain.from_iterable(rows[start : start + TOGETHER])))
    driver.executemany(sql, rows[whole:])


def pour(conn: Connection, table: Table, rows: Iterable[Sequence[Any]]) -> None:
    """Adds rows while they are being made: the server takes them in beside us (PostgreSQL)."""
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    driver: Any = conn.connection.driver_connection
    with driver.cursor().copy(
        f'COPY "{table.name}" ({columns}) FROM STDIN (FORMAT BINARY)'
    ) as copy:
        copy.set_types([_BINARY_TYPES[type(column.type)] for column in table.columns])
        write = copy.write_row
        for row in rows:
            write(row)


_INSERTS: dict[str, Statement] = {}
