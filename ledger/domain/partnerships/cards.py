"""Cards (名片): the nodes that one journal has taken in before an agreement names them."""

from typing import NamedTuple

from ledger.domain.ids import UnionId
from ledger.domain.kernel import Act, Aggregate, Code, Fact
from ledger.domain.partnerships.facts import CardAdmitted
from ledger.domain.partnerships.rules import (
    CardForTheLedger,
    CardKnownAlready,
    CardNotCompared,
    OwnCard,
    check_node,
)
from ledger.domain.partnerships.words import Node, Party


class Admitted(NamedTuple):
    """A card that was taken in, and by which record of ours."""

    position: int
    party: Party
    after: str


class Cards(Aggregate):
    """The cards that one journal has taken in, in the stream of its root union; the newest counts."""

    def __init__(self) -> None:
        self.admitted: dict[str, Admitted] = {}

    @staticmethod
    def admit(
        act: Act, root: UnionId, party: Party, known: Node | None, *, origin: str,
        after: str | None, compared: bool,
    ) -> CardAdmitted:  # fmt: skip
        """Takes in a card. `known`: the party's node as it is believed now; `after`: the record
        that pins it; `compared`: whether its fingerprint was read out by the other side.

        Raises: CardForTheLedger, OwnCard, NodeIncomplete, CardKnownAlready, CardNotCompared.
        """
        if act.union != root:
            raise CardForTheLedger(union=act.union, ledger=root)
        if party.origin == origin:
            raise OwnCard(origin=origin)
        check_node(party.node or Node(Code(""), (), ()), party)
        if party.node == known:
            raise CardKnownAlready(origin=party.origin)
        if not compared:
            raise CardNotCompared(origin=party.origin)
        return CardAdmitted(root, party, Code(after) if after else None)

    def after(self, fact: Fact) -> None:
        match fact.event:
            case CardAdmitted() as e:
                self.admitted[e.party.origin] = Admitted(fact.position, e.party, e.after or "")
            case _:
                pass
