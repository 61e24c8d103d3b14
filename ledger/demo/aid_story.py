"""The second part of the story (帮扶的故事): a joint fund, a study grant, and a list with its sheet.

After the source of 2015 (the fund with 广东省广西商会) and that of 2011 (four hundred yuan for each
household, signed for by each): every step is somebody else's, and every fen has its record.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import date, timedelta
from typing import TypeVar

from ledger import procedures
from ledger.book import Entry
from ledger.demo.stage import Aided, Story
from ledger.demo.world import Side
from ledger.domain.aid import AidGrant, AidList, Failure, PayeeKind, Signed, TakenBackFor
from ledger.domain.aiding import AidKind, Cap, CapPer, Days, KindRules, PayMode, Step
from ledger.domain.funds import Fund, Source
from ledger.domain.hardship import Category, FileBasis, HardshipCause
from ledger.domain.ids import (
    GrantId,
    HouseholdId,
    PersonId,
    new_fund,
    new_household,
    new_person,
    new_scheme,
)
from ledger.domain.kernel import Basis, Code, Fen
from ledger.domain.persons import Household, NumberOwed, Particulars, Person, Relation
from ledger.domain.schemes import Scheme
from ledger.procedures import aiding

T = TypeVar("T")

ADOPTED = date(2026, 6, 22)
APPLIED = date(2026, 8, 21)
PAID = date(2026, 9, 4)
FESTIVAL = date(2026, 9, 22)

YUAN = 100
JOINT = Code("两广帮扶")

STUDY = KindRules(
    kind=AidKind.STUDY, steps=(Step.VISIT, Step.REVIEW, Step.NOTICE),
    caps=(Cap(per=CapPer.CHILD_YEAR, most=Fen(6000 * YUAN)),),
    minutes_above=Fen(5000 * YUAN), notice_days=5, notice_in=Days.WORKING,
    modes=(PayMode.BANK, PayMode.INSTITUTION), receipt_days=30,
)  # fmt: skip
WARMTH = KindRules(
    kind=AidKind.SENDING_WARMTH, steps=(Step.REVIEW,),
    caps=(Cap(per=CapPer.APPLICATION, most=Fen(1000 * YUAN)),),
    modes=(PayMode.CASH, PayMode.GOODS), receipt_days=15,
)  # fmt: skip
TEMPORARY = KindRules(
    kind=AidKind.TEMPORARY, steps=(Step.REVIEW,), later=(Step.VISIT,),
    caps=(Cap(per=CapPer.PERSON_YEAR, most=Fen(3000 * YUAN)),),
    modes=(PayMode.BANK, PayMode.CASH), once_per_need=False, emergency=True, review_days=7,
)  # fmt: skip


def adopt(story: Story, heroine: PersonId) -> Aided:
    """广西 adopts its scheme and opens its share of the fund that the chamber pays into."""
    home = story.home
    story.time.to(ADOPTED)
    aided = Aided(new_scheme(), new_fund(), new_fund(), heroine, new_person())
    with home.ledger.entry(home.act("gx-zhuxi")) as entry:
        entry.write(
            Scheme().adopt(
                entry.act, aided.scheme, "广西困难职工（农民工）帮扶办法", 1, ADOPTED,
                (STUDY, WARMTH, TEMPORARY), Code("450000"), paper=Code("桂工发〔2026〕21号"),
            )
        )  # fmt: skip
        partnership = story.partnership
        entry.write(
            Fund.open(
                entry.act, aided.joint, home.root, "服务广西籍在粤农民工帮扶救助基金（广西管账）",
                Source.DONATION, annex=partnership, joint=JOINT, contributor="广东省广西商会",
            ),
            Fund.open(entry.act, aided.own, home.root, "自治区总工会送温暖资金", Source.OWN),
        )  # fmt: skip
    with home.ledger.entry(home.act("gx-kuaiji")) as entry:
        for fund, amount, source, giver, paper in (
            (aided.joint, 300_000, Source.DONATION, "广东省广西商会", "捐赠协议2026-1"),
            (aided.own, 60_000, Source.OWN, "自治区总工会", "桂工财〔2026〕40号"),
        ):
            money = entry.read(Fund, fund)
            given = money.contribute(entry.act, Fen(amount * YUAN), source, giver, Code(paper))
            entry.write(given)
    story.sync()
    story.link(
        "gx-kuaiji", "与商会共管的帮扶基金", "商会捐入三十万元；每一分钱的去向都有登记可查。",
        f"/funds/{aided.joint}",
    )  # fmt: skip
    return aided


def study(story: Story, aided: Aided) -> None:
    """韦秀英's daughter is admitted: visited, publicised, objected to, approved, paid, signed for."""
    home = story.home
    story.time.to(APPLIED)
    _family(home, aided)
    with _locked(home, "donglan-jingban") as entry:
        aided.grant = grant = aiding.apply(
            entry, aided.mother, aided.scheme, AidKind.STUDY, Fen(4000 * YUAN),
            beneficiary=aided.child, need=Code("2026-2027学年"), reason="女儿考取本科，家庭负担重",
        )  # fmt: skip
        aiding.name_payee(
            entry, grant, PayeeKind.APPLICANT, holder="韦秀英", bank="东兰农信社",
            account="6228480000123456789",
        )  # fmt: skip
        aiding.visit(entry, grant, "住房老旧，家中老人患病。")
    _do(home, "donglan-fuhe", lambda entry: aiding.review(entry, grant, opinion="情况属实。"))
    _do(
        home, "donglan-jingban",
        lambda entry: aiding.publicise(
            entry, grant, Code("东工示〔2026〕6号"), Basis.SEPARATE_CONSENT, "弄台村村务公开栏"
        ),
    )  # fmt: skip
    story.time.to(APPLIED + timedelta(4))
    _do(home, "donglan-jingban", lambda entry: aiding.object_(entry, grant, "听说她家在镇上有房。"))
    story.time.to(APPLIED + timedelta(6))
    _do(
        home, "donglan-fuhe",
        lambda entry: aiding.answer(entry, grant, 1, False, "经查，镇上房屋为其兄所有。"),
    )  # fmt: skip
    story.time.to(date(2026, 8, 31))
    with _locked(home, "gx-shenpi") as entry:
        content = entry.read(AidGrant, grant).content
        aiding.approve(entry, grant, content, aided.joint, opinion="同意。")
    _pay(story, grant)
    story.sync()
    text = "公示、异议、答复、分级审批；第一次转账户名不符失败，重发后签收，多付的部分追回。"
    story.link("donglan-jingban", "韦秀英：女儿的助学金", text, f"/grants/{grant}")


def _pay(story: Story, grant: GrantId) -> None:
    """The first transfer fails, the second arrives; a fee turns out to be waived and comes back."""
    home = story.home
    story.time.to(PAID)
    first = _do(home, "gx-chuna", lambda entry: aiding.instruct(entry, grant, PayMode.BANK))
    story.time.to(PAID + timedelta(3))
    _do(
        home, "gx-chuna",
        lambda entry: aiding.failed(entry, grant, first, Failure.NAME_MISMATCH),
    )  # fmt: skip
    second = _do(home, "gx-chuna", lambda entry: aiding.instruct(entry, grant, PayMode.BANK))
    _do(home, "gx-chuna", lambda entry: aiding.made(entry, grant, second, Code("银付2026-0907")))
    story.time.to(PAID + timedelta(6))
    _do(home, "gx-falv", lambda entry: aiding.sign(entry, grant, second, Signed.SELF))
    story.time.to(PAID + timedelta(14))
    _do(
        home, "gx-shenpi",
        lambda entry: aiding.order_back(
            entry, grant, Fen(500 * YUAN), TakenBackFor.WRONG_AMOUNT, "学校减免住宿费，应退五百元。"
        ),
    )  # fmt: skip
    _do(
        home, "gx-chuna",
        lambda entry: aiding.took_back(entry, grant, Fen(500 * YUAN), Code("收2026-31")),
    )  # fmt: skip


def warmth(story: Story, aided: Aided, people: Sequence[PersonId]) -> None:
    """Four hundred yuan for each household at the festival: one list, one decision, one sheet."""
    home = story.home
    story.time.to(FESTIVAL)
    with _locked(home, "donglan-jingban") as entry:
        aided.aid_list = aid_list = aiding.draw_up(
            entry, "2026年国庆中秋送温暖（东兰）", aided.scheme, AidKind.SENDING_WARMTH,
            Fen(400 * YUAN), PayMode.CASH,
        )  # fmt: skip
        aiding.put_on(entry, aid_list, people, Code("2026国庆中秋"))
    _do(home, "donglan-jingban", lambda entry: aiding.send_up(entry, aid_list))
    _do(home, "donglan-fuhe", lambda entry: aiding.review_list(entry, aid_list))
    with _locked(home, "gx-shenpi") as entry:
        content = entry.read(AidList, aid_list).content
        aiding.approve_list(entry, aid_list, content, aided.own)
    story.time.to(FESTIVAL + timedelta(3))
    _do(home, "gx-chuna", lambda entry: aiding.hand_out(entry, aid_list, Code("签领表2026-9")))
    last = people[-1]
    with _locked(home, "gx-falv") as entry:
        all_ = [g for g in aiding.on_list(entry, aid_list) if g.person != last]
        aiding.sign_for(entry, aid_list, Signed.SELF, only=[g.id for g in all_ if g.id])
    story.sync()
    text = "每户四百元，一张名单、一次审批、一张签领表；还有一户没有签收，经审看得见。"
    story.link("donglan-jingban", "国庆中秋送温暖：名单与签领表", text, f"/aid-lists/{aid_list}")


def pending(story: Story, aided: Aided, people: Sequence[PersonId]) -> None:
    """In November: a file, and one application at each step where somebody has to act."""
    home = story.home
    ill, schooling, hurt, flooded, *others = people
    household = new_household()
    with _locked(home, "donglan-jingban") as entry:
        entry.write(*Household.open(entry.act, household, ill))
    with _locked(home, "donglan-jingban") as entry:
        procedures.open_file(
            entry, household, ill, Category.SEVERE, HardshipCause.GRAVE_ILLNESS,
            (HardshipCause.SCHOOLING,), FileBasis.MEANS_CHECK, date(2026, 12, 10),
            Code("东困〔2026〕18号"), "本人患病住院，妻子务农，一子上学。",
        )  # fmt: skip
        waiting = [
            aiding.apply(
                entry, each, aided.scheme, kind, Fen(amount * YUAN), need=Code(need),
                emergency=emergency, reason=reason,
            )
            for each, kind, amount, need, emergency, reason in (
                (ill, AidKind.TEMPORARY, 3000, "住院", False, "本人患病住院"),
                (schooling, AidKind.STUDY, 4000, "2026-2027学年", False, "儿子考取专科"),
                (hurt, AidKind.TEMPORARY, 2000, "摔伤", True, "在工地摔伤，急需手术费"),
                (flooded, AidKind.TEMPORARY, 1500, "水灾", False, "房屋进水"),
                *((each, AidKind.TEMPORARY, 1200, "欠薪断炊", False, "") for each in others),
            )
        ]  # fmt: skip
        named = PayeeKind.APPLICANT
        aiding.name_payee(
            entry, waiting[2], named, bank="东兰农信社", account="6228480000987654321"
        )
        aiding.visit(entry, waiting[1], "租住两间平房，父亲务工。")
    with _locked(home, "donglan-fuhe") as entry:
        for grant in waiting[:3]:
            aiding.review(entry, grant, opinion="情况属实。")
    with _locked(home, "donglan-jingban") as entry:
        aiding.publicise(
            entry, waiting[1], Code("东工示〔2026〕11号"), Basis.SEPARATE_CONSENT, "弄台村村务公开栏",
            until=entry.act.on + timedelta(14),
        )  # fmt: skip
        aiding.object_(entry, waiting[3], "听说其房屋已由保险理赔。")
    with _locked(home, "gx-shenpi") as entry:
        content = entry.read(AidGrant, waiting[2]).content
        aiding.approve(entry, waiting[2], content, aided.own, opinion="急，先付。")
    sent = _do(home, "gx-chuna", lambda entry: aiding.instruct(entry, waiting[2], PayMode.BANK))
    _do(
        home, "gx-chuna",
        lambda entry: aiding.failed(entry, waiting[2], sent, Failure.NO_SUCH_ACCOUNT),
    )  # fmt: skip


# ── helpers ──────────────────────────────────────────────────────────────────────────────────


def _locked(side: Side, who: str) -> AbstractContextManager[Entry]:
    return side.ledger.entry(side.act(who), lock=True)


def _do(side: Side, who: str, act: Callable[[Entry], T]) -> T:
    with _locked(side, who) as entry:
        return act(entry)


def _family(home: Side, aided: Aided) -> HouseholdId:
    """韦秀英's household with the daughter who goes to university."""
    household = new_household()
    with home.ledger.entry(home.act("donglan-jingban")) as entry:
        entry.write(
            Person.register(
                entry.act, aided.child, Particulars("韦晓月", sex="女", birth="2008-03-12"),
                number_owed=NumberOwed.NOT_AT_HAND, number_due=entry.act.today + timedelta(90),
            )
        )  # fmt: skip
        entry.write(*Household.open(entry.act, household, aided.mother))
        held = entry.look_up(Household, household)
        entry.write(
            held.join(entry.act, household, aided.child, Relation.CHILD, guardian=aided.mother)
        )
    return household
