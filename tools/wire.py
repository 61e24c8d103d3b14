"""Keeps `tests/data/wire/`: what two nodes of a release say to each other, as files.

    python -m tools.wire --add      the letters of this release, where they are not kept yet

Two small provinces exchange, and every question and answer is written down as it stands on the
wire. Later releases read these files, in both parts: as the one who asks and the one who answers.
What is kept is never written again; a letter that this release did not keep yet is added.
"""

import argparse
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from starlette.testclient import TestClient
from starlette.types import Receive, Send
from starlette.types import Scope as Asgi

from api.exchange import create_exchange
from ledger.domain.kernel import Group
from ledger.domain.partnerships import Party
from ledger.exchange import letters
from ledger.exchange.giving import Giving
from ledger.exchange.nodes import Directory, OwnNode, certificates_of, with_nodes
from ledger.exchange.witnessing import attest
from ledger.journal import checkpoints
from ledger.journal.notes import Note
from ledger.journal.recorder import read_head
from ledger.journal.signing import RestoredUnchecked
from ledger.journal.tiles import Asked
from ledger.journal.witness import Request
from ledger.projections.channels import links_of
from ledger.projections.posting import channel_name
from tests.pair import Pair, close, open_pair
from tests.test_exchange import link

KEPT = Path(__file__).parent.parent / "tests" / "data" / "wire"


class WithNodes(Pair):
    """A pair whose agreement pins nodes."""

    def parties(self) -> list[Party]:
        return list(with_nodes(self.home.ledger, super().parties()))


def letters_of(folder: Path) -> dict[str, bytes]:
    """What 广西 says to 广东, and 广东 to 广西, by the name of its file."""
    opened = open_pair(folder)
    pair = WithNodes(opened.home, opened.host)
    for one, other in ((pair.home, pair.host), (pair.host, pair.home)):
        OwnNode(one.ledger).make(f"https://{other.ledger.province.code}.example:8443", one.time.at)
    for one, other in ((pair.home, pair.host), (pair.host, pair.home)):
        Directory(one.ledger).admit(Directory(other.ledger).card())
    pair.agree()
    early, _ = pair.member("韦秀英", "13800000000")
    link(pair, early, [Group.IDENTITY])
    _, membership = pair.member("覃志远")
    pair.offer(membership)
    giving = Giving(pair.home.ledger, pair.host.origin)
    said = giving.checkpoint(0)
    first = {
        "card.json": Directory(pair.home.ledger).card().to_bytes(),
        "checkpoint": said.note,
        "page.json": letters.page_to_bytes(giving.page(1, letters.PAGE, said.size)),
    }
    link(pair, early, [Group.CONTACT])  # opens what was read before
    with pair.home.ledger.reading() as reader:
        links = [row["link"] for row in links_of(reader.conn, pair.home.origin, [early])[early]]
    pair.sync()
    attest(pair.home.ledger, [pair.host.ledger.witness])
    log = channel_name(pair.home.origin, pair.host.origin)
    with pair.home.ledger.database.reading() as conn:
        journal = checkpoints.last(conn, pair.home.origin)
        mirrored = checkpoints.last(conn, log)
        size = read_head(conn, pair.home.origin).frontier.size
    assert journal is not None
    assert mirrored is not None
    by_us = tuple(each for each in journal.note.signatures if each.name == pair.home.origin)
    tile = Asked(0, 0, size)
    found = {
        **first,
        "owed-request.json": letters.links_to_bytes(links),
        "owed.json": letters.owed_to_bytes(giving.owed(links)),
        f"tile-0-{tile.path.replace('/', '-')}": giving.tile(tile),
        "mirrored": mirrored.note.to_bytes(),
        "add-checkpoint": Request(0, (), journal.note._replace(signatures=by_us)).to_bytes(),
        "cosigned": Note(journal.note.text, journal.note.signatures).to_bytes(),
        "host-card.json": Directory(pair.host.ledger).card().to_bytes(),
        **answers_of(pair),
    }
    close(pair)
    return found


def answers_of(pair: Pair) -> dict[str, bytes]:
    """How 广西 asks 广东 to wait: too many questions at once, and a ledger that is read-only."""
    ledger = pair.home.ledger
    directory = Directory(ledger)
    shown = certificates_of(Directory(pair.host.ledger).card().node)[0]
    exchange = create_exchange(ledger, directory)

    async def door(scope: Asgi, receive: Receive, send: Send) -> None:
        await exchange({**scope, "state": {"certificate": shown}}, receive, send)

    def ask(path: str) -> bytes:
        said = TestClient(door).get(f"{letters.PREFIX}/{path}")
        top = [f"HTTP/1.1 {said.status_code} {HTTPStatus(said.status_code).phrase}"]
        top += [f"{name}: {value}" for name, value in said.headers.items()]
        return "\r\n".join([*top, "", said.text]).encode()

    innermost: list[bytes] = []

    def asks_again(digest: str) -> None:
        """Each question is still open while the next one is asked, until there are too many."""
        innermost.append(ask("witness/x/checkpoint"))

    ledger.witness.latest_by_hash = asks_again
    ask("witness/x/checkpoint")
    ledger.signer.bar = RestoredUnchecked(ledger.origin)
    return {"answer-busy": innermost[0], "answer-read-only": ask("checkpoint?read=0")}


def main() -> None:
    """Adds the letters of this release."""
    parser = argparse.ArgumentParser(prog="python -m tools.wire", description=__doc__)
    parser.add_argument("--add", action="store_true", required=True)
    parser.parse_args()
    into = KEPT / version("liangdi")
    into.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as scratch:
        found = letters_of(Path(scratch))
    # Pages and tiles of one exchange belong together: where one of them is kept, all of them are.
    afresh = not any(into.iterdir())
    names = [name for name in found if afresh or name.startswith("answer-")]
    added = [name for name in names if not (into / name).exists()]
    for name in added:
        (into / name).write_bytes(found[name])
    print(f"{len(added)} letters added to {into}")


if __name__ == "__main__":
    main()
