"""How a backup is encrypted (加密格式): chunks that prove their place, and the end.

    liangdi-backup-1 0x0A  header JSON 0x0A  (length u32be ‖ AES-256-GCM(chunk))…

The key of a file is HMAC-SHA256(key, salt), or scrypt(passphrase, salt); its nonces are the
chunks' numbers, with a last byte that tells the final chunk. The header is associated data of every
chunk. So a chunk that is changed, missing, moved or of another file, and a file that is cut off,
are refused.
"""

import hmac
import io
import json
import os
import struct
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

MAGIC = b"liangdi-backup-1\n"
CHUNK = 1 << 20
LONGEST_HEADER = 4096
SCRYPT = {"n": 1 << 16, "r": 8, "p": 1}


class BackupDamaged(ValueError):
    """A backup that cannot be trusted: changed, cut off, of other keys, or no backup at all."""


def key_of(secret: bytes, header: Mapping[str, Any]) -> bytes:
    """The key of one file, from our key or a passphrase and the salt in its header."""
    salt = bytes.fromhex(header["salt"])
    if header.get("kdf") == "scrypt":
        return Scrypt(salt=salt, length=32, **SCRYPT).derive(secret)
    return hmac.digest(secret, b"liangdi backup\0" + salt, "sha256")


class SealedWriter(io.RawIOBase):
    """Writes one encrypted file as a whole: under another name, on the disk, then renamed."""

    def __init__(self, path: Path, secret: bytes, header: Mapping[str, Any]) -> None:
        super().__init__()
        told = {**header, "salt": os.urandom(16).hex()}
        line = json.dumps(told, ensure_ascii=True, sort_keys=True).encode() + b"\n"
        self._path, self._draft = path, path.with_name(f".{path.name}.part")
        self._cipher, self._bound = AESGCM(key_of(secret, told)), MAGIC + line
        self._number, self._pending = 0, bytearray()
        self._draft.unlink(missing_ok=True)  # of one that was killed
        descriptor = os.open(self._draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file: BinaryIO = os.fdopen(descriptor, "wb")
        self._file.write(self._bound)

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self._pending += data
        while len(self._pending) > CHUNK:  # the last one is told from the others: it waits
            self._seal(bytes(self._pending[:CHUNK]), last=False)
            del self._pending[:CHUNK]
        return len(data)

    def _seal(self, chunk: bytes, *, last: bool) -> None:
        sealed = self._cipher.encrypt(_nonce(self._number, last=last), chunk, self._bound)
        self._file.write(struct.pack(">I", len(sealed)) + sealed)
        self._number += 1

    def finish(self) -> None:
        """The file is whole: from now on it has its name."""
        self._seal(bytes(self._pending), last=True)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._draft.rename(self._path)
        _sync(self._path.parent)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        if kind is None:
            self.finish()
        else:
            self._file.close()
            self._draft.unlink(missing_ok=True)
        self.close()


class SealedReader(io.RawIOBase):
    """Reads one encrypted file, each chunk only after it has proven itself."""

    def __init__(self, path: Path, secret: bytes) -> None:
        super().__init__()
        self._file = path.open("rb")
        self.header, self._bound = _header(self._file)
        self._cipher = AESGCM(key_of(secret, self.header))
        self._number, self._held, self._ended = 0, b"", False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        while not self._held and not self._ended:
            self._held = self._next()
        taken = self._held[: len(buffer)]
        buffer[: len(taken)] = taken
        self._held = self._held[len(taken) :]
        return len(taken)

    def drain(self) -> None:
        """Reads what is left, so that the end is proven too. Raises: BackupDamaged."""
        while not self._ended:
            self._next()

    def _next(self) -> bytes:
        said = self._file.read(4)
        if len(said) < 4:
            raise BackupDamaged("the file is cut off")
        (length,) = struct.unpack(">I", said)
        sealed = self._file.read(length) if length <= CHUNK + 16 else b""
        for last in (False, True):
            try:
                chunk = self._cipher.decrypt(_nonce(self._number, last=last), sealed, self._bound)
            except InvalidTag:
                continue
            self._number += 1
            self._ended = last
            if last and self._file.read(1):
                raise BackupDamaged("something follows the end")
            return chunk
        raise BackupDamaged(f"chunk {self._number} does not open: changed, or sealed by other keys")

    def close(self) -> None:
        self._file.close()
        super().close()


def read_header(path: Path) -> dict[str, Any]:
    """What a backup says of itself, before anything of it is proven. Raises: BackupDamaged."""
    with path.open("rb") as file:
        return _header(file)[0]


def _header(file: BinaryIO) -> tuple[dict[str, Any], bytes]:
    magic = file.read(len(MAGIC))
    line = file.readline(LONGEST_HEADER)
    try:
        told: dict[str, Any] = json.loads(line) if magic == MAGIC and line.endswith(b"\n") else {}
        known = len(bytes.fromhex(told["salt"])) == 16
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as fault:
        raise BackupDamaged("this is no backup of ours") from fault
    if not known:
        raise BackupDamaged("this is no backup of ours")
    return told, magic + line


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
