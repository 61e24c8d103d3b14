"""`liangdi` without its second of imports: a process that has imported everything forks for each call.

For tests of what commands say and do, of which a how-to has dozens. What a cold start does is for
the tests that start one: the tutorial runs so, and `tests/cli`.

    with warm.commands(folder):  # an executable `liangdi` lies in the folder
        subprocess.run([folder / "liangdi", "fund", "list"])
"""

import atexit
import json
import os
import socket
import subprocess
import sys
import traceback
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

CALL = """#!{python} -ISs
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as line:
    line.connect({at!r})
    told = json.dumps({{"words": sys.argv[1:], "folder": os.getcwd(), "env": dict(os.environ)}})
    socket.send_fds(line, [f"{{len(told.encode()):010}}".encode()], [0, 1, 2])
    line.sendall(told.encode())
    code = line.recv(4)
sys.exit(int(code or b"70"))  # no answer: it died
"""


@contextmanager
def commands(folder: Path) -> Generator[None]:
    """Puts `liangdi` into a folder, and answers its calls until the end."""
    at = folder / "liangdi.socket"
    made = folder / "liangdi"
    made.write_text(CALL.format(python=sys.executable, at=str(at)), "utf-8")
    made.chmod(0o755)
    with subprocess.Popen(
        [sys.executable, "-m", "tests.warm", str(at)], cwd=ROOT,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
    ) as server:  # fmt: skip
        assert server.stdout is not None
        assert server.stdout.readline() == b"ready\n"
        try:
            yield
        finally:
            server.kill()


def serve(at: str) -> None:
    """Imports what any command needs, and forks for each call."""
    from ledger.cli import main

    for each in ("book", "desk", "procedures", "replay", "projections", "exchange", "evidence"):
        __import__(f"ledger.{each}")
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(at)
        door.listen(64)
        door.settimeout(5)  # seconds, after which it is looked whether anybody is left to call
        parent = os.getppid()
        print("ready", flush=True)
        while os.getppid() == parent:
            try:
                line, _ = door.accept()
            except TimeoutError:
                continue
            if os.fork() == 0:
                door.close()
                _answer(line, main)
            line.close()
            with suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass


def _answer(line: socket.socket, main: Callable[[], None]) -> None:
    """Does as the process that called would, in its folder, with its streams and environment."""
    code = 70
    try:
        size, streams, _, _ = socket.recv_fds(line, 10, 3)
        told = b""
        while len(told) < int(size):
            part = line.recv(1 << 16)
            if not part:
                raise EOFError("whoever called is gone")
            told += part
        said = json.loads(told)
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        os.chdir(said["folder"])
        os.environ.clear()
        os.environ.update(said["env"])
        sys.argv = ["liangdi", *said["words"]]
        main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 (it is told, and the process ends here)
        traceback.print_exc()
    finally:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        line.sendall(str(code).encode())
        os._exit(0)


if __name__ == "__main__":
    serve(sys.argv[1])
