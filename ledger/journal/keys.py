"""The keys that a province signs with (签名密钥): files of their owner alone, or behind a command.

One key for each role, so that a statement made in one is never taken for another. In the folder
of keys `log-1` is private, in the form of Go's notes (`PRIVATE+KEY+<name>+<id>+<base64>`), and
`log-1.vkey` is how others know it. A key that was followed by another goes on signing beside it
until it is retired: then its private file is gone, and its vkey stays, for old evidence.

With a command no private file is made: it is asked `public NAME` and answers 32 bytes in base64;
`sign NAME ID` with the message on its standard input, and answers 64.
"""

import os
import shlex
import stat
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.journal.epochs import journal_of
from ledger.journal.notes import BadNote, Kind, Malformed, PublicKey, SigningKey, base64, unbase64

PRIVATE = "PRIVATE+KEY+"
SECONDS = 20
"""How long a command may take."""


class Role(StrEnum):
    """What a key says when it signs."""

    LOG = "log"  # this is my journal, so far
    WITNESS = "witness"  # I have seen that log grow, and nothing of it change
    MIRROR = "mirror"  # and I hold the records too
    VOUCHER = "voucher"  # this one record of my journal a worker carries in her hand


KINDS = {
    Role.LOG: Kind.LOG, Role.WITNESS: Kind.COSIGNER, Role.MIRROR: Kind.COSIGNER,
    Role.VOUCHER: Kind.VOUCHER,
}  # fmt: skip


class BadKey(RuntimeError):
    """A key that cannot be used as it is; the message says why, and what to do."""


class SignerAway(OSError):
    """The command that signs does not answer, or not with a signature."""


@dataclass(frozen=True)
class FileKey:
    """A key whose private half is a file of ours."""

    public: PublicKey
    _private: Ed25519PrivateKey

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message)


@dataclass(frozen=True)
class CommandKey:
    """A key that a command keeps."""

    public: PublicKey
    _ask: Callable[..., bytes]

    def sign(self, message: bytes) -> bytes:
        """Raises: SignerAway, also for what is no signature of this key."""
        signature = self._ask("sign", self.public.name, self.public.id.hex(), message=message)
        if not self.public.verifies(message, signature):
            raise SignerAway(f"the signer's command gave no signature of {self.public}")
        return signature


class SigningKeys:
    """A province's signing keys, in the folder of its other keys; made where there are none.

    Raises: BadKey, SignerAway.
    """

    def __init__(
        self, folder: Path, origin: str, command: str | None = None, log: str | None = None
    ) -> None:
        """`log`: as what the journal is signed now, where that is not its own name (`epochs`)."""
        self.folder, self.origin, self.log = folder, origin, log or origin
        self._command = shlex.split(command) if command else None
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for role in Role:
            if not self._numbers(role):
                self._make(role, 1)
        self._load()

    def _load(self) -> None:
        self._public = {role: list(self._publics(role)) for role in Role}
        self._signing = {role: list(self._signers(role)) for role in Role}

    def name(self, role: Role) -> str:
        """What the key of a role is called: the log's is the log's own name."""
        return self.log if role is Role.LOG else f"{self.origin}/{role}"

    def _is_ours(self, name: str, role: Role) -> bool:
        """Whether a key of that name is one of this role, of an earlier epoch too."""
        return name == self.name(role) or (role is Role.LOG and journal_of(name)[0] == self.origin)

    def public(self, role: Role) -> list[PublicKey]:
        """How others know this role, from the first key on; retired ones too."""
        return [key for _, key in self._public[role]]

    def signing(self, role: Role) -> list[SigningKey]:
        """The keys that sign now: the newest, and before it those that are not retired yet."""
        return list(self._signing[role])

    def one(self, role: Role) -> SigningKey:
        """The newest key of a role. Raises: BadKey where all are retired."""
        if not self._signing[role]:
            raise BadKey(f"{self.folder} has no private key {role}: restore it from the backup")
        return self._signing[role][-1]

    def rotate(self, role: Role) -> PublicKey:
        """Makes the next key of a role; from now on both sign. Raises: BadKey, SignerAway."""
        self._make(role, max(self._numbers(role)) + 1)
        self._load()
        return self.public(role)[-1]

    def of(self, log: str) -> PublicKey:
        """The key of an epoch's log, made where there is none yet; the older ones sign beside it.

        Raises: BadKey, SignerAway.
        """
        if self.public(Role.LOG)[-1].name != log:
            before, self.log = self.log, log
            try:
                self._make(Role.LOG, max(self._numbers(Role.LOG)) + 1)
            finally:
                self.log = before
            self._load()
        return self.public(Role.LOG)[-1]

    def retire(self, key: PublicKey) -> None:
        """Destroys the private half of a key that another has followed. Raises: BadKey."""
        for role in Role:
            for number, public in self._public[role]:
                if public == key:
                    if number == max(self._numbers(role)):
                        raise BadKey(f"{key} is the newest {role} key: rotate it first")
                    self._path(role, number).unlink(missing_ok=True)
                    self._signing[role] = list(self._signers(role))
                    return
        raise BadKey(f"{key} is no key of {self.origin}")

    # ── files ──

    def _path(self, role: Role, number: int) -> Path:
        return self.folder / f"{role}-{number}"

    def _numbers(self, role: Role) -> list[int]:
        names = (path.name.removesuffix(".vkey") for path in self.folder.glob(f"{role}-*"))
        numbers = (name.removeprefix(f"{role}-") for name in names)
        return sorted({int(number) for number in numbers if number.isdecimal()})

    def _publics(self, role: Role) -> Iterator[tuple[int, PublicKey]]:
        for number in self._numbers(role):
            path = self._path(role, number).with_name(f"{role}-{number}.vkey")
            if not path.exists():
                private = self._private(role, number)
                _write(path, f"{private.public}\n", 0o644)
            try:
                key = PublicKey.parse(path.read_text("utf-8").strip())
            except (BadNote, UnicodeDecodeError) as fault:
                raise BadKey(f"{path} is no key: {fault}; restore it from the key backup") from None
            if not self._is_ours(key.name, role) or key.kind != KINDS[role]:
                raise BadKey(f"{path} is the key of {key.name}, not of {self.name(role)}")
            yield number, key

    def _signers(self, role: Role) -> Iterator[SigningKey]:
        if self._command is not None:
            yield CommandKey(self._public[role][-1][1], self._ask)
            return
        for number, public in self._public[role]:
            if self._path(role, number).exists():
                key = self._private(role, number)
                if key.public != public:
                    raise BadKey(f"{self._path(role, number)} and its .vkey are not one key")
                yield key

    def _private(self, role: Role, number: int) -> FileKey:
        path = self._path(role, number)
        check_owner_only(path)
        text = path.read_text("ascii", "replace").strip()
        try:
            name, _, rest = text.removeprefix(PRIVATE).partition("+")
            id_, _, encoded = rest.partition("+")
            data = unbase64(encoded)
            if not text.startswith(PRIVATE) or len(data) != 33:
                raise Malformed("not of the form PRIVATE+KEY+name+id+base64")
            private = Ed25519PrivateKey.from_private_bytes(data[1:])
            public = PublicKey(name, Kind(data[0]), private.public_key().public_bytes_raw())
            if public.id.hex() != id_:
                raise Malformed("the id is another key's")
        except (BadNote, ValueError) as fault:
            raise BadKey(f"{path} is no key: {fault}; restore it from the key backup") from None
        return FileKey(public, private)

    def _make(self, role: Role, number: int) -> None:
        """Makes a key; of several processes that start at once, one does."""
        path, kind = self._path(role, number), KINDS[role]
        if self._command is not None:
            raw = self._ask("public", self.name(role))
            public = PublicKey(self.name(role), kind, raw)
            if public in {key for _, key in self._publics(role)}:
                raise BadKey(f"the signer's command still gives the same key for {public.name}")
            _write(path.with_name(f"{path.name}.vkey"), f"{public}\n", 0o644)
            return
        private = Ed25519PrivateKey.generate()
        public = PublicKey(self.name(role), kind, private.public_key().public_bytes_raw())
        data = base64(bytes([kind]) + private.private_bytes_raw())
        _write(path, f"{PRIVATE}{public.name}+{public.id.hex()}+{data}\n", 0o600)

    def _ask(self, *words: str, message: bytes = b"") -> bytes:
        assert self._command is not None
        try:
            done = subprocess.run(  # noqa: S603  (the keeper of this node has named the command)
                [*self._command, *words], input=message, capture_output=True, timeout=SECONDS,
                check=True,
            )  # fmt: skip
            return unbase64(done.stdout.decode("ascii").strip())
        except (subprocess.SubprocessError, OSError, BadNote, UnicodeDecodeError) as fault:
            raise SignerAway(f"the signer's command failed at {words[0]}: {fault}") from fault


def check_owner_only(path: Path) -> None:
    """Raises BadKey where others than its owner may read or change a private file."""
    mode = path.stat().st_mode
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise BadKey(
            f"{path} can be read by others (mode {stat.S_IMODE(mode):04o}): "
            f"chmod 600 {path}, and make a new key if anybody may have read it"
        )


def _write(path: Path, text: str, mode: int) -> None:
    """Writes a new file whole, or leaves the one that is there."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    made = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(made, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(scratch)
        except FileExistsError:
            return  # another process was first: its key it is
    finally:
        scratch.unlink()
