"""A partner over the network (对方节点): the same questions as in one process, asked over HTTPS.

Whatever comes back, and however slowly, ends in one of three ways: an answer that is checked like
any other, an `OSError` that passes, or an `Unproven` that people must look at. No answer is longer,
and none takes longer, than we allow; local work never waits for one.
"""

import re
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from threading import Timer
from typing import NamedTuple, TypeVar, cast

import httpcore
import httpx

from ledger.domain.partnerships import Node
from ledger.exchange import letters
from ledger.exchange.letters import JSON, NOTE, PREFIX, Garbled
from ledger.exchange.nodes import Directory, OwnNode, certificates_of, keys_of
from ledger.exchange.tls import for_client
from ledger.exchange.wire import (
    Checkpoint,
    NoLetter,
    NotSigned,
    Owed,
    Page,
    WrongCertificate,
)
from ledger.journal import notes
from ledger.journal.keys import Role
from ledger.journal.merkle import HASH_SIZE
from ledger.journal.notes import MOST_BYTES, BadNote, Kind, Note, PublicKey
from ledger.journal.tiles import Asked
from ledger.journal.witness import Answer

T = TypeVar("T")


class Patience(NamedTuple):
    """How long we wait, in seconds."""

    connect: float = 5
    silence: float = 20  # without a byte
    whole: float = 120  # for an answer, however steadily it trickles


class PartnerAway(OSError):
    """The partner's node does not answer, or not in time."""


class NotAdmitted(PartnerAway):
    """The partner's node does not know us: our certificate, or this journal."""


class PartnerBusy(PartnerAway):
    """The partner asks for a pause, or is read-only; `seconds` says until when to wait."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


class Said(NamedTuple):
    """An answer as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Https:
    """One connection to one node, by its pinned certificates; taken up again as often as needed."""

    def __init__(
        self, origin: str, address: str, context: ssl.SSLContext,
        patience: Patience | None = None,
    ) -> None:  # fmt: skip
        self._origin, self._patience = origin, patience or Patience()
        self._socket: socket.socket | None = None
        self._late = False
        self._client = httpx.Client(
            base_url=address, verify=context, trust_env=False, follow_redirects=False,
            timeout=httpx.Timeout(self._patience.silence, connect=self._patience.connect),
            limits=httpx.Limits(max_connections=1, keepalive_expiry=60),
            headers={"Accept-Encoding": "identity", "User-Agent": "liangdi"},
        )  # fmt: skip

    def ask(self, method: str, path: str, body: bytes | None, kind: str, most: int) -> Said:
        headers = {"Content-Type": kind} if body is not None else {}
        self._late = False
        # A node that sends a byte now and then is never silent: the whole is timed beside it.
        watch = Timer(self._patience.whole, self.hang_up)
        watch.daemon = True
        watch.start()
        try:
            with self._client.stream(
                method, path, content=body, headers=headers, extensions={"trace": self._trace}
            ) as answer:
                return Said(answer.status_code, answer.headers, self._body(answer, most))
        except httpx.HTTPError as fault:
            if self._late:
                raise PartnerAway(f"{self._origin} took too long") from fault
            raise self._told(fault) from fault
        finally:
            watch.cancel()

    def close(self) -> None:
        self.hang_up()
        self._client.close()

    def _body(self, answer: httpx.Response, most: int) -> bytes:
        if answer.headers.get("content-encoding", "identity") != "identity":
            raise NoLetter(self._origin, what="an encoding that we did not ask for")
        length = answer.headers.get("content-length", "0")
        if not length.isdecimal() or len(length) > 12 or int(length) > most:
            raise NoLetter(self._origin, what=f"longer than {most} bytes")
        data = bytearray()
        for part in answer.iter_raw():
            data += part
            if len(data) > most:
                raise NoLetter(self._origin, what=f"longer than {most} bytes")
        return bytes(data)

    def _trace(self, event: str, info: Mapping[str, object]) -> None:
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            stream = cast("httpcore.NetworkStream", info["return_value"])
            self._socket = stream.get_extra_info("socket")

    def hang_up(self) -> None:
        """Ends the answer at hand."""
        self._late = True
        held = self._socket
        if held is not None:
            with suppress(OSError):
                # The base class's: another thread may be reading through TLS at this moment.
                socket.socket.shutdown(held, socket.SHUT_RDWR)

    def _told(self, fault: BaseException) -> Exception:
        """What a failed request means to us: who answered was not the partner, or nobody did."""
        cause: BaseException | None = fault
        while cause is not None:
            if isinstance(cause, ssl.SSLCertVerificationError):
                return WrongCertificate(self._origin, what=cause.verify_message)
            if isinstance(cause, ssl.SSLError) and "ALERT" in (cause.reason or ""):
                return NotAdmitted(f"{self._origin} refuses our certificate ({cause.reason})")
            cause = cause.__cause__ or cause.__context__
        if isinstance(fault, httpx.RemoteProtocolError):
            if "disconnected" not in str(fault):
                return NoLetter(self._origin, what=f"not HTTP: {fault}")
            # By TLS 1.3 a certificate that is refused is told of after the handshake, or not at all.
            return PartnerAway(f"{self._origin} hung up: does it know our certificate?")
        return PartnerAway(f"{self._origin}: {type(fault).__name__} {fault}".strip())


class Remote:
    """A partner's node: `Partner` of a reading, and `Endpoint` of a witness."""

    def __init__(
        self, directory: Directory, own: OwnNode, origin: str, to: str,
        patience: Patience | None = None,
    ) -> None:  # fmt: skip
        """`origin` is the partner's journal, `to` our own."""
        self._directory, self._own = directory, own
        self._origin, self._log = origin, f"{origin}/to/{to}"
        self._patience = patience
        self._dialled: tuple[object, Https] | None = None

    @property
    def origin(self) -> str:
        return self._origin

    def hang_up(self) -> None:
        """Ends the question at hand, also in the middle of its answer."""
        if self._dialled is not None:
            self._dialled[1].hang_up()

    def close(self) -> None:
        """Gives the connection up; the next question makes another."""
        if self._dialled is not None:
            self._dialled[1].close()
            self._dialled = None

    # ── as a partner ──

    def checkpoint(self, read: int) -> Checkpoint:
        said = self._ask("GET", f"checkpoint?read={read}", most=MOST_BYTES)
        try:
            note = Note.parse(said.body)
            notes.verify(note, self._keys(Kind.LOG, self._origin))
            stated = notes.Checkpoint.parse(note.text)
        except BadNote as fault:
            raise NotSigned(self._origin, what=str(fault)) from None
        if stated.origin != self._log:
            raise NotSigned(self._origin, what=f"a checkpoint of {stated.origin}"[:200])
        return Checkpoint(stated.size, stated.root, said.body)

    def page(self, first: int, limit: int, size: int) -> Page:
        said = self._ask("GET", f"page?first={first}&limit={limit}&size={size}")
        return self._letter(letters.page_of, said.body)

    def owed(self, links: Sequence[str]) -> Sequence[Owed]:
        said = self._ask("POST", "owed", letters.links_to_bytes(links), JSON)
        return self._letter(letters.owed_of, said.body)

    def tile(self, asked: Asked) -> bytes:
        said = self._ask("GET", f"tile/{asked.level}/{asked.path}", most=asked.width * HASH_SIZE)
        return said.body

    def mirrored(self, note: bytes) -> None:
        self._ask("POST", "mirrored", note, NOTE, MOST_BYTES)

    # ── as a witness ──

    @property
    def keys(self) -> Sequence[PublicKey]:
        return self._keys(Kind.COSIGNER, f"{self._origin}/{Role.WITNESS}")

    def add_checkpoint(self, body: bytes) -> Answer:
        said = self._send("POST", "witness/add-checkpoint", body, NOTE, MOST_BYTES)
        self._refuse(said, passed=(200, 400, 403, 404, 409, 422))
        return Answer(said.status, said.body, said.headers.get("content-type", ""))

    def latest(self, origin: str) -> bytes | None:
        digest = sha256(origin.encode()).hexdigest()
        said = self._send("GET", f"witness/{digest}/checkpoint", most=MOST_BYTES)
        self._refuse(said, passed=(200, 404))
        return said.body if said.status == 200 else None

    # ── asking ──

    def _ask(
        self, method: str, path: str, body: bytes | None = None, kind: str = "",
        most: int = letters.MOST,
    ) -> Said:  # fmt: skip
        said = self._send(method, path, body, kind, most)
        self._refuse(said, passed=(200, 204))
        return said

    def _send(
        self, method: str, path: str, body: bytes | None = None, kind: str = "",
        most: int = letters.MOST,
    ) -> Said:  # fmt: skip
        return self._line().ask(method, f"{PREFIX}/{path}", body, kind, most)

    def _line(self) -> Https:
        """The connection to the node as it is pinned now; a new one where that has changed."""
        node = self._node()
        shown = self._own.shown()
        mark = node.address, node.certificates, shown.number
        if self._dialled is None or self._dialled[0] != mark:
            self.close()
            pinned = certificates_of(node)
            context = for_client(shown, pinned)
            self._dialled = mark, Https(self._origin, node.address, context, self._patience)
        return self._dialled[1]

    def _node(self) -> Node:
        node = self._directory.known(self._origin)
        if node is None:
            raise NotAdmitted(f"no node of {self._origin} is known: liangdi node admit")
        return node

    def _keys(self, kind: Kind, name: str) -> list[PublicKey]:
        return keys_of(self._node(), kind, name)

    def _letter(self, read: Callable[[bytes], T], body: bytes) -> T:
        try:
            return read(body)
        except Garbled as fault:
            raise NoLetter(self._origin, what=str(fault)) from None

    def _refuse(self, said: Said, passed: Sequence[int]) -> None:
        """Raises what a status means that is no answer."""
        if said.status in passed:
            return
        told = said.body[:200].decode("utf-8", "replace").strip()
        what = f"{self._origin} answered {said.status}: {told}"
        if said.status in (429, 503):
            raise PartnerBusy(what, _seconds(said.headers.get("retry-after", "")))
        if said.status == 403:
            raise NotAdmitted(what)
        if said.status >= 500 or said.status == 404:
            raise PartnerAway(what)
        raise NoLetter(self._origin, status=said.status, what=told)


def _seconds(text: str) -> float:
    """What a node asks us to wait, in seconds; dates are not read, and nobody's word is for ever."""
    return min(3600.0, float(text)) if re.fullmatch("[0-9]{1,6}", text, re.ASCII) else 0.0
