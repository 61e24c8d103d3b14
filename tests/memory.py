"""Where tests and benches write what nobody keeps: into memory, where there is room."""

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

MEMORY = Path("/dev/shm")
ROOM = 6 * 2**30  # bytes: all that a whole run writes, and more


def roomy() -> bool:
    """Whether what tests write finds room in memory."""
    return MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM


def new_folder(prefix: str) -> Path:
    """A new folder, in memory where there is room; whoever asked for it removes it."""
    return Path(mkdtemp(prefix=prefix, dir=MEMORY if roomy() else None))


@contextmanager
def folder(prefix: str = "liangdi-") -> Generator[Path]:
    """A new folder that is gone afterwards."""
    made = new_folder(prefix)
    try:
        yield made
    finally:
        shutil.rmtree(made)
