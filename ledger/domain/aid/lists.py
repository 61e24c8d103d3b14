"""A list of one amount (名单): drawn up, reviewed, approved and handed out as one thing.

Everybody on it is on record as a grant of her own, so one person's share discloses nobody
else's; the list itself carries the total, and a digest of who is on it.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from hashlib import sha256

from ledger.domain.aid.duties import Check, Duties, at_home, judged
from ledger.domain.aid.facts import (
    AidListApproved,
    AidListClosed,
    AidListDrawnUp,
    AidListReturned,
    AidListReviewed,
    PaymentMade,
    ReceiptSigned,
    SheetPaid,
)
from ledger.domain.aid.limits import (
    at_level,
    collectively,
    from_fund,
    goods_listed,
    within_caps,
)
from ledger.domain.aid.payments import AidGrant
from ledger.domain.aid.rules import (
    AlreadyApproved,
    BeyondTheGrant,
    ContentChanged,
    GrantOver,
    HeldAsDouble,
    ListClosed,
    ListEmpty,
    ModeBarred,
    NoPayee,
    NoSuchPayment,
    NotApproved,
    NothingAsked,
    NotOnTheList,
    OneDutyEach,
    OpinionMissing,
    PayeeWithoutPaper,
    StepMissing,
)
from ledger.domain.aid.words import Duty, Goods, Signed
from ledger.domain.aiding import AidKind, CapPer, KindRules, PayMode, Step
from ledger.domain.ids import AidListId, FundId, GrantId, PersonId, SchemeId, UnionId
from ledger.domain.kernel import Act, Aggregate, Code, Fact, Fen


def digest(grants: Iterable[GrantId], each: Fen) -> Code:
    """What an approval of a list is of: SHA-256 (hex) over the amount and the grants in order."""
    made = sha256(f"{each}\n".encode())
    for grant in sorted(grants):
        made.update(f"{grant}\n".encode())
    return Code(made.hexdigest())


_OF_THE_LIST = frozenset({Step.FILE, Step.REVIEW, Step.MINUTES})
"""The steps that are judged of a list as a whole, or of each when it is put on."""


def _waiting(grant: AidGrant) -> int:
    """The payment that is not signed for."""
    made = grant.unsigned()
    if not made:
        raise NoSuchPayment(grant=grant.id)
    return made[-1].number


def _none_held(held: Collection[GrantId]) -> None:
    if held:
        raise HeldAsDouble(grants=sorted(held)[:20])


class AidList(Aggregate):
    """One list (stream `lis_…`)."""

    def __init__(self) -> None:
        self.id: AidListId | None = None
        self.union: UnionId | None = None
        self.origin = ""
        self.title = ""
        self.scheme: SchemeId | None = None
        self.rules_version = 0
        self.kind: AidKind | None = None
        self.each = Fen(0)
        self.mode: PayMode | None = None
        self.drawn_on: date | None = None
        self.content = ""
        self.count = 0
        self.total = Fen(0)
        self.reviewed = ""
        self.approved: AidListApproved | None = None
        self.approved_on: date | None = None
        self.paid = Fen(0)  # what was ever handed out, each grant's once
        self.paid_count = 0
        self.handed_out: list[SheetPaid] = []
        self.duties = Duties()

    # ── decisions ──

    @classmethod
    def draw_up(
        cls, act: Act, aid_list: AidListId, title: str, *, scheme: SchemeId, version: int,
        rules: KindRules, each: Fen, mode: PayMode, acting_for: PersonId | None = None,
    ) -> AidListDrawnUp:  # fmt: skip
        """Raises: NothingAsked, ModeBarred, AboveTheCap."""
        if each <= 0:
            raise NothingAsked(amount=each)
        if mode not in rules.modes:
            raise ModeBarred(mode=mode, allowed=list(rules.modes))
        within_caps(rules, each, {}, None)
        return AidListDrawnUp(
            aid_list, act.union, title, scheme, version, rules.kind, each, mode, acting_for
        )

    @property
    def open(self) -> bool:
        """Whether people are still put on it, or struck off."""
        return self.id is not None and not self.content

    def still_open(self) -> None:
        """Refuses to change a list that was sent up. Raises: ListClosed."""
        if not self.open:
            raise ListClosed(aid_list=self.id)

    def admit(
        self, act: Act, rules: KindRules, already: Mapping[CapPer, Fen], *,
        category: Code | None = None, acting_for: PersonId | None = None,
    ) -> None:  # fmt: skip
        """Refuses to put somebody on; `already`: what she was granted in the same year.

        Who puts somebody on handles the list, too.

        Raises: ListClosed, AboveTheCap, OneDutyEach.
        """
        self.still_open()
        within_caps(rules, self.each, already, category)
        self.duties.keep_apart(Duty.HANDLER, act, acting_for, ())

    def close(
        self, act: Act, grants: Collection[GrantId], *, hands: Collection[PersonId] = (),
        concerned: Collection[str] = (), unnamed: Collection[GrantId] = (),
        acting_for: PersonId | None = None,
    ) -> AidListClosed:  # fmt: skip
        """Sends it up: from here on it is this list; `hands`: who put people on it.

        `unnamed`: for whom no payee is named, and none will be once it is sent up.

        Raises: ListClosed, ListEmpty, NoPayee, OneDutyEach, OwnOrKin.
        """
        self.still_open()
        if not grants:
            raise ListEmpty(aid_list=self.id)
        if unnamed and self.mode in (PayMode.BANK, PayMode.INSTITUTION):
            raise NoPayee(grants=sorted(unnamed)[:20])
        aid_list, union = self._there()
        self.duties.keep_apart(Duty.HANDLER, act, acting_for, concerned)
        total = Fen(len(grants) * self.each)
        content = digest(grants, self.each)
        return AidListClosed(
            aid_list, union, len(grants), total, content, tuple(sorted(set(hands))), acting_for
        )

    def review(
        self, act: Act, *, concerned: Collection[str], acting_for: PersonId | None = None
    ) -> AidListReviewed:
        """A second look; `concerned`: everybody on it, and their kin.

        Raises: ListEmpty, OneDutyEach, OwnOrKin.
        """
        aid_list, union = self._sent_up()
        findings = judged(act, *self.duties.apart(Duty.REVIEWER, act, acting_for, concerned))
        return AidListReviewed(aid_list, union, Code(self.content), acting_for, findings)

    def give_back(self, act: Act, opinion: str) -> AidListReturned:
        """Raises: ListEmpty, AlreadyApproved, OpinionMissing."""
        aid_list, union = self._sent_up()
        if self.approved is not None:
            raise AlreadyApproved(aid_list=aid_list)
        if not opinion.strip():
            raise OpinionMissing(aid_list=aid_list)
        return AidListReturned(aid_list, union, opinion)

    def approve(
        self, act: Act, content: str, *, rules: KindRules, fund: FundId, concerned: Collection[str],
        held: Collection[GrantId] = (), grants: Collection[AidGrant] = (),
        above: Mapping[UnionId, Collection[UnionId]] | None = None,
        minutes: Code | None = None, acting_for: PersonId | None = None,
    ) -> AidListApproved:  # fmt: skip
        """Approves the list as it was seen; `concerned`: everybody on it, and their kin.

        `grants`: those on it, where the scheme asks for more of each than the review of the list.

        Raises: ListEmpty, AlreadyApproved, ContentChanged, StepMissing, NoticeStands, ObjectionOpen,
        HeldAsDouble, OneDutyEach, OwnOrKin, HigherApprover, MinutesMissing, WrongFund.
        """
        aid_list, union = self._sent_up()
        if self.approved is not None:
            raise AlreadyApproved(aid_list=aid_list)
        if content != self.content:
            raise ContentChanged(aid_list=aid_list)
        findings = judged(
            act,
            lambda: self._reviewed_as_it_stands(rules),
            lambda: self._each_ready(rules, grants, act.on),
            lambda: _none_held(held),
            *self.duties.apart(Duty.APPROVER, act, acting_for, concerned),
            lambda: at_level(rules, act.union, above or {}, self.each),
            lambda: collectively(rules, self.total, minutes),
            lambda: from_fund(rules, fund),
        )
        return AidListApproved(
            aid_list, union, self.count, self.total, fund, Code(self.content), minutes, acting_for,
            findings,
        )  # fmt: skip

    def pay_sheet(
        self, act: Act, grants: Collection[AidGrant], voucher: Code, *,
        goods: tuple[Goods, ...] = (), concerned: Collection[str] = (),
        acting_for: PersonId | None = None,
    ) -> tuple[SheetPaid, list[PaymentMade]]:  # fmt: skip
        """Hands out to these, by one signing sheet: one fact for each, and one for the total.

        Also once more to whom it came back from; to another payee after a second look.

        Raises: NotApproved, ListEmpty, NotOnTheList, GrantOver, BeyondTheGrant, NoPayee,
        StepMissing, GoodsUnlisted, HeldAsDouble, OneDutyEach, OwnOrKin, ObjectionStopsPayment.
        """
        aid_list, union = self._there()
        approved, mode = self.approved, self.mode
        if approved is None or mode is None:
            raise NotApproved(aid_list=aid_list)
        on_it = [(grant, *self._its_own(grant)) for grant in grants]
        if not on_it:
            raise ListEmpty(aid_list=aid_list)
        for grant in grants:
            if grant.ended is not None:
                raise GrantOver(grant=grant.id)
            if grant.paid or grant.under_way:
                raise BeyondTheGrant(grant=grant.id, paid=grant.paid, under_way=grant.under_way)
            if mode in (PayMode.BANK, PayMode.INSTITUTION) and grant.payee is None:
                raise NoPayee(grant=grant.id)
            if grant.renamed:
                raise StepMissing(missing=[Step.REVIEW])
        again = sum(1 for grant in grants if grant.payments)
        fresh = Fen((len(on_it) - again) * self.each)
        if len({grant for _, grant, _ in on_it}) < len(on_it) or self.paid + fresh > approved.total:
            raise BeyondTheGrant(approved=approved.total, paid=self.paid, amount=fresh)
        findings = judged(
            act,
            *self._apart(Duty.PAYER, act, acting_for, grants, concerned),
            lambda: _none_held([grant for each, grant, _ in on_it if each.held]),
            lambda: goods_listed(mode, self.each, goods),
        )
        objected = [judged(act, each.free_of_objections) for each, _, _ in on_it]
        made = [
            PaymentMade(
                grant, person, each.next_payment, self.each, mode, voucher, aid_list,
                each.lost_payment, goods, acting_for, findings + own,
            )
            for (each, grant, person), own in zip(on_it, objected, strict=True)
        ]  # fmt: skip
        total = Fen(len(made) * self.each)
        sheet = SheetPaid(
            aid_list,
            union,
            len(self.handed_out) + 1,
            len(made),
            total,
            voucher,
            again,
            acting_for,
            findings + max(objected),
        )
        return sheet, made

    def sign_sheet(
        self, act: Act, grants: Collection[AidGrant], how: Signed, *,
        collector: PersonId | None = None, paper: Code | None = None,
        concerned: Collection[str] = (), acting_for: PersonId | None = None, remark: str = "",
    ) -> list[ReceiptSigned]:  # fmt: skip
        """These have signed; by somebody who had no other part in the list.

        Raises: ListEmpty, NotOnTheList, NoSuchPayment, PayeeWithoutPaper, OneDutyEach, OwnOrKin.
        """
        aid_list, _ = self._there()
        if how is not Signed.SELF and not paper:
            raise PayeeWithoutPaper(how=how)
        on_it = [(grant, *self._its_own(grant)) for grant in grants]
        findings = judged(
            act,
            *self._apart(Duty.WITNESS, act, acting_for, grants, concerned),
            lambda: self._collected_by_another(collector, grants),
        )
        return [
            ReceiptSigned(
                grant, person, _waiting(each), how, collector, paper, aid_list, acting_for,
                findings, remark,
            )
            for each, grant, person in on_it
        ]  # fmt: skip

    # ── checks ──

    def _reviewed_as_it_stands(self, rules: KindRules) -> None:
        if Step.REVIEW in rules.steps and self.reviewed != self.content:
            raise StepMissing(missing=[Step.REVIEW])

    def _each_ready(self, rules: KindRules, grants: Collection[AidGrant], on: date) -> None:
        """Whether each was visited, checked and publicised, where that is asked for."""
        wanted = [step for step in rules.steps if step not in _OF_THE_LIST]
        if not wanted:
            return
        if digest((each.id for each in grants if each.id), self.each) != self.content:
            raise StepMissing(missing=wanted)
        for each in grants:
            each.steps_done(rules)
            each.notice_over(on)
            each.unobjected()

    def _its_own(self, grant: AidGrant) -> tuple[GrantId, PersonId]:
        if grant.aid_list != self.id or grant.id is None or grant.person is None:
            raise NotOnTheList(grant=grant.id)
        return grant.id, grant.person

    def _apart(
        self, duty: Duty, act: Act, acting_for: PersonId | None, grants: Collection[AidGrant],
        concerned: Collection[str],
    ) -> list[Check]:  # fmt: skip
        """Apart from who had a part in the list, and from who had one in any of these."""
        own = {each for grant in grants for each in grant.concerned(())}
        checks = [*self.duties.apart(duty, act, acting_for, {*concerned, *own})]
        for grant in grants:
            checks += grant.duties.apart(duty, act, acting_for, ())
        return checks

    def _collected_by_another(
        self, collector: PersonId | None, grants: Collection[AidGrant]
    ) -> None:
        if collector is not None and self.duties.has_part(collector):
            raise OneDutyEach(duty=Duty.WITNESS, person=collector)
        for each in grants:
            each.collected_by_another(collector)

    def handled_here(self, act: Act, here: str, line: Collection[UnionId]) -> None:
        """Refuses another union, and another journal; `line`: its union and those above it.

        Raises: NotYourGrant.
        """
        at_home(act, self.origin, here, line)

    def _there(self) -> tuple[AidListId, UnionId]:
        if self.id is None or self.union is None:
            raise ListEmpty()
        return self.id, self.union

    def _sent_up(self) -> tuple[AidListId, UnionId]:
        if not self.content:
            raise ListEmpty(aid_list=self.id)
        return self._there()

    # ── folding ──

    def after(self, fact: Fact) -> None:
        match fact.event:
            case AidListDrawnUp() as e:
                self.id, self.union, self.origin = e.aid_list, e.union, fact.origin
                self.title, self.scheme, self.rules_version = e.title, e.scheme, e.version
                self.kind, self.each, self.mode, self.drawn_on = e.kind, e.each, e.mode, fact.on
                self.duties.note(Duty.HANDLER, fact, e.acting_for)
            case AidListClosed() as e:
                self.content, self.count, self.total = e.content, e.count, e.total
                self.duties.note(Duty.HANDLER, fact, e.acting_for)
                self.duties.add(Duty.HANDLER, *e.hands)
            case AidListReturned():
                self.content, self.reviewed = "", ""
            case AidListReviewed() as e:
                self.reviewed = e.content
                self.duties.note(Duty.REVIEWER, fact, e.acting_for)
            case AidListApproved() as e:
                self.approved, self.approved_on = e, fact.on
                self.duties.note(Duty.APPROVER, fact, e.acting_for)
            case SheetPaid() as e:
                self.handed_out.append(e)
                first = max(0, e.count - e.again)
                self.paid, self.paid_count = (
                    Fen(self.paid + first * self.each),
                    self.paid_count + first,
                )
                self.duties.note(Duty.PAYER, fact, e.acting_for)
            case _:
                pass
