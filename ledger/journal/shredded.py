"""The list of the forgotten (销毁名单): kept beside the keys, outside every backup of the data.

A backup brings back the keys of whoever was forgotten since. So a restore destroys them again, by
this list, before anybody is served. A line is a person's id and the instant of her shredding: it
says nothing of who she was.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from ledger.domain.ids import is_id

NAME = "shredded"


class ListDamaged(OSError):
    """The list of the forgotten cannot be read: nobody is restored before it can."""


def read(folder: Path) -> dict[str, str]:
    """Person → when, of everybody who was ever forgotten here; a torn last line is left out.

    Raises: ListDamaged.
    """
    path = folder / NAME
    if not path.exists():
        return {}
    found: dict[str, str] = {}
    try:
        lines = path.read_text("ascii").splitlines()
    except UnicodeDecodeError as fault:
        raise ListDamaged(f"{path} is no list: {fault}; restore it from the key backup") from None
    for line in lines:
        person, _, at = line.partition(" ")
        if is_id(person):
            found.setdefault(person, at)
    return found


def note(folder: Path, persons: Iterable[tuple[str, str]]) -> int:
    """Adds those (person, when) that are not on the list; on the disk before it returns."""
    known = read(folder)
    new = [(person, at) for person, at in persons if person not in known]
    if not new:
        return 0
    path = folder / NAME
    torn = path.exists() and path.stat().st_size and not path.read_bytes().endswith(b"\n")
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "ab") as file:
        if torn:
            file.write(b"\n")
        file.write("".join(f"{person} {at}\n" for person, at in new).encode("ascii"))
        file.flush()
        os.fsync(file.fileno())
    return len(new)
