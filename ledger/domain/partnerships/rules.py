"""Rules of agreements (协议规则): why one is not proposed, signed or ended, and no card admitted."""

from ledger.domain.kernel import Refused
from ledger.domain.partnerships.words import Node, Party


class AgreementUntitled(
    Refused,
    zh="合作协议须有名称。",
    article="P1",
):
    """An agreement is proposed under a title."""


class TooFewParties(
    Refused,
    zh="合作协议须有两个以上不同的协议方。",
    article="P2",
    instead="至少列出两家工会，每家只列一次。",
):
    """An agreement has two or more different parties."""


class NotAParty(
    Refused,
    zh="本工会不是该协议的协议方，或所用总账与协议所列不符。",
    article="P3; design: nobody writes in another's journal",
    instead="请由协议方在其自己的总账中办理。",
):
    """Only a party acts on an agreement, and in the journal that the agreement names for it."""


class EndedBeforeBeginning(
    Refused,
    zh="协议的终止日期不得早于或等于开始日期。",
    article="P3",
    instead="核对起止日期；终止日期为不再有效的第一天。",
):
    """An agreement begins before it ends."""


class DeadlineMissing(
    Refused,
    zh="附件中的各项期限至少为一天，消息和见证的时限至少一小时，回访至少一次。",
    article="P3, T12",
    instead="填写接转、商请、补录、维权答复和终止通知的期限，消息和见证的时限，以及回访次数。",
):
    """Every term of an annex is at least one day, one hour or one call back."""


class FundWithoutKeeper(
    Refused,
    zh="共管资金须由一个协议方管账。",
    article="design: one keeper",
    instead="填写管账方；没有共管资金的，两项都不填。",
):
    """A joint fund has one keeper, and the keeper is a party."""


class LiaisonOfNoParty(
    Refused,
    zh="联络员须属于某一协议方。",
    article="P3",
    instead="核对联络员所属的协议方。",
):
    """A liaison answers for a party of the agreement."""


class UmbrellaNotLive(
    Refused,
    zh="上位协议在开始之日尚未生效或已经终止。",
    article="P2, YH07",
    instead="先签署上位协议，或单独签订。",
):
    """An agreement under an umbrella begins while the umbrella is live."""


class BeyondTheUmbrella(
    Refused,
    zh="下位协议的省份、共享范围和数据组不得超出上位协议。",
    article="P2, YH07",
    instead="缩小范围，或单独签订。",
):
    """An agreement under an umbrella shares no more, and with no more provinces, than that."""


class AlreadySigned(
    Refused,
    zh="本方已签署。",
    article="P3",
):
    """A party signs one thing once."""


class NoSuchProposal(
    Refused,
    zh="没有这一待签的协议或附件。",
    article="P3",
    instead="核对版本。",
):
    """One can only sign what was proposed by a party."""


class AnnexSuperseded(
    Refused,
    zh="已有更新的附件生效，旧版本不再签署。",
    article="P3",
    instead="查看现行附件；需要改回的，提出新版本。",
):
    """An annex older than the one in force is signed no more."""


class NotConcluded(
    Refused,
    zh="协议尚未由各方签署。",
    article="P3",
    instead="等各方签署后再提出附件或终止。",
):
    """Only an agreement that all its parties have signed is amended or ended."""


class PartnershipOver(
    Refused,
    zh="协议已终止、已通知终止或未获签署。",
    article="P3",
    instead="如需继续合作，另签新协议。",
):
    """An agreement that was declined or given up is neither signed nor amended."""


class NoticeTooShort(
    Refused,
    zh="单方终止的提前通知少于附件约定的日数。",
    article="P3",
    instead="推迟终止日期，或与各方协商终止。",
):
    """One side ends an agreement no sooner than the notice that the annex asks for."""


class NodeIncomplete(
    Refused,
    zh="节点须有 https 地址、证书，以及所在总账的公钥。",
    article="design: nodes",
    instead="用 `liangdi node card` 核对地址、证书和公钥。",
):
    """A node is announced with an https address, a certificate, and a key of its party's journal."""


class CardForTheLedger(
    Refused,
    zh="对方的名片由本总账所属的省级工会收下。",
    article="design: nodes",
    instead="请省级工会的主席以省级工会的名义办理。",
):
    """A card is admitted for the federation whose ledger it is, and for no union below."""


class OwnCard(
    Refused,
    zh="这是本省自己的名片。",
    article="design: nodes",
    instead="请对方导出其名片交来。",
):
    """A card that is admitted is another's."""


class CardNotCompared(
    Refused,
    zh="收下名片前，须用电话与对方核对名片指纹。",
    article="design: nodes",
    instead="拨打对方工会公布的电话，请对方念出其名片指纹，逐组核对一致后再收下。",
):
    """A card is admitted once its fingerprint has been read out by the other side."""


class CardKnownAlready(
    Refused,
    zh="名片与本省现在所知的对方节点完全相同，不须收下。",
    article="design: nodes",
):
    """A card is admitted where it says something that is not known yet."""


def check_node(node: Node, party: Party) -> None:
    named = any(key.startswith(f"{party.origin}+") for key in node.keys)
    if not node.address.startswith("https://") or not node.certificates or not named:
        raise NodeIncomplete(address=node.address, certificates=len(node.certificates))
