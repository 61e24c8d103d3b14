"""The key backup (密钥备份): the key folder under a passphrase, apart from every backup of the data.

It holds the wrapping keys, the search key and the list of the forgotten. Whoever has it and a
backup of the data can read everybody who was not forgotten by then, and nobody who was, once the
wrapping key was rotated and the older key backups are destroyed: so it is kept for a short while.
"""

import io
import tarfile
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from ledger.backups.envelope import BackupDamaged, SealedReader, SealedWriter
from ledger.clock import Clock
from ledger.journal import shredded
from ledger.journal.record import written

KEPT_DAYS = 30
"""For how long a key backup is kept: no longer than it takes to notice that one is needed."""

SHORTEST = 12


class PassphraseTooShort(ValueError):
    """A passphrase has at least twelve characters."""


def back_up_keys(
    folder: Path, path: Path, passphrase: str, *, origin: str = "", clock: Clock | None = None
) -> int:
    """Writes the keys of a folder to a file; returns how many files. Raises: PassphraseTooShort."""
    if len(passphrase) < SHORTEST:
        raise PassphraseTooShort(f"a passphrase has at least {SHORTEST} characters")
    files = sorted(each for each in folder.iterdir() if each.is_file() and each.name[0] != ".")
    header = {
        "what": "keys", "kdf": "scrypt", "origin": origin,
        "at": written((clock or Clock()).now()), "keep_days": KEPT_DAYS,
    }  # fmt: skip
    with (
        SealedWriter(path, passphrase.encode(), header) as into,
        tarfile.open(fileobj=into, mode="w|") as tar,
    ):
        for each in files:
            data = each.read_bytes()
            info = tarfile.TarInfo(each.name)
            info.size, info.mode = len(data), 0o600
            tar.addfile(info, io.BytesIO(data))
    if _read(path, passphrase) != {each.name: each.read_bytes() for each in files}:
        raise BackupDamaged("the disk gave something else back")
    return len(files)


def restore_keys(path: Path, folder: Path, passphrase: str) -> list[str]:
    """Puts keys that are not there back into a folder; returns their names.

    A key that is there and differs is never replaced. The list of the forgotten only grows.

    Raises: BackupDamaged.
    """
    found = _read(path, passphrase)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    gone = found.pop(shredded.NAME, b"")
    differ = [n for n, d in found.items() if (folder / n).exists() and _other(folder / n, d)]
    if differ:
        raise BackupDamaged(f"other keys are there already: {', '.join(sorted(differ))}")
    new = [name for name in found if not (folder / name).exists()]
    for name in new:
        draft = folder / f".{name}.part"
        draft.touch(0o600)
        draft.write_bytes(found[name])
        draft.rename(folder / name)
    shredded.note(folder, _lines(gone).items())
    return sorted(new)


def _other(path: Path, data: bytes) -> bool:
    return path.read_bytes() != data


def _lines(data: bytes) -> Mapping[str, str]:
    pairs = (line.partition(" ") for line in data.decode("ascii").splitlines())
    return {person: at for person, _, at in pairs}


def _read(path: Path, passphrase: str) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    with closing(SealedReader(path, passphrase.encode())) as reader:
        if reader.header.get("what") != "keys":
            raise BackupDamaged("this is no backup of keys")
        with tarfile.open(fileobj=io.BufferedReader(reader), mode="r|") as tar:
            for info in tar:
                file = tar.extractfile(info) if info.isreg() and "/" not in info.name else None
                if file is None:
                    raise BackupDamaged(f"{info.name} is no key")
                found[info.name] = file.read()
        reader.drain()
    return found
