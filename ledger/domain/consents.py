"""Consents (知情同意): what a person allowed whom to see and for what, and other legal bases.

A person gives consent after notice, for named groups of data, to a named receiver, for one
purpose and a time, and can take it back: what was done before stays valid. Where the law lets data
be given without consent, that basis is recorded with its provision, and never as a consent.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from ledger.domain.ids import ConsentId, PersonId, UnionId
from ledger.domain.kernel import (
    Act,
    Aggregate,
    Basis,
    Code,
    Event,
    Fact,
    Group,
    Office,
    PublicText,
    Refused,
    Scope,
)
from ledger.domain.offices import check_minor

SENSITIVE = frozenset({Group.HARDSHIP, Group.BANK, Group.CASE})
"""Groups of sensitive personal data (敏感个人信息)."""

CHILD_UNDER = 14
"""From this birthday on, a person consents for himself or herself (L2 art. 28, 31)."""


class Purpose(StrEnum):
    """What the data are given for (处理目的)."""

    MEMBERSHIP = "membership"  # 会籍接转与管理
    RIGHTS = "rights"  # 维权
    AID = "aid"  # 帮扶救助
    SERVICES = "services"  # 普惠服务
    TRAVEL = "travel"  # 返乡、团聚出行
    MATCHING = "matching"  # 身份与重复救助核对
    PUBLICATION = "publication"  # 公示、公开


class Evidence(StrEnum):
    """How the consent is shown (同意凭据)."""

    SIGNED_FORM = "signed_form"  # 本人签字的单独同意书
    SIGNED_LIST = "signed_list"  # 名单上逐人签字
    SMS = "sms"  # 短信确认
    RECORDED_CALL = "recorded_call"  # 电话录音
    PHONE_PAGE = "phone_page"  # 本人手机页面确认
    GUARDIAN_FORM = "guardian_form"  # 监护人签字的同意书


@dataclass(frozen=True)
class Receiver:
    """To whom data are given (接收方): a partner's journal or one union, by name and contact."""

    name: PublicText
    partner: Code | None = None  # 对方省总账
    union: UnionId | None = None
    contact: PublicText = ""


# ── rules ────────────────────────────────────────────────────────────────────────────────────


class NoBasisGiven(
    Refused,
    zh="须有法律依据：本人同意，或写明条款的法定依据。",
    article="L2 art. 13; P8",
    instead="取得本人单独同意，或填写法定依据及其条款。",
):
    """Data are given on the person's consent, or on a legal basis that names its provision."""


class NoGroupNamed(
    Refused,
    zh="须写明提供哪些类别的信息。",
    article="L2 art. 17, 23; P4, P9",
    instead="至少选择一个数据组。",
):
    """A consent or a legal basis names the kinds of data."""


class ReceiverMissing(
    Refused,
    zh="须写明接收方的名称及其总账或工会。",
    article="L2 art. 23; P4",
    instead="填写接收方名称，并选定对方省或工会。",
):
    """A consent or a legal basis names the receiver."""


class NoticeMissing(
    Refused,
    zh="取得同意前须告知，并登记告知书版本。",
    article="L2 art. 17, 23; P4, P9",
    instead="向本人出示告知书，填写其版本号。",
):
    """Consent follows a notice, and names its version."""


class SensitiveNeedsSeparateConsent(
    Refused,
    zh="敏感个人信息、不满十四周岁未成年人的信息及公示公开，须取得单独同意。",
    article="L2 art. 25, 28, 29; P5, P7",
    instead="请本人（监护人）另签单独同意书；名单签字和概括的法定职责不能代替。",
):
    """Sensitive data, those of a child under 14 and publication ask for separate consent."""


class GuardianConsents(
    Refused,
    zh="不满十四周岁的，由其父母或其他监护人同意。",
    article="L2 art. 31; P6",
    instead="登记监护人，并附监护人签字的同意书。",
):
    """For a child under 14 the guardian consents."""


class EmergencyWithoutEnd(
    Refused,
    zh="以紧急情况为依据的，须填写截止日期。",
    article="L2 art. 13, 18; rules (d) 10",
    instead="填写紧急情况结束的日期；之后另取依据。",
):
    """An emergency is a legal basis for a stated time only."""


class ExpiredBeforeGiven(
    Refused,
    zh="截止日期不得早于或等于开始日期。",
    article="L2 art. 17; P9",
    instead="核对起止日期；截止日期为不再有效的第一天。",
):
    """A consent or a legal basis begins before it ends."""


class NothingToWithdraw(
    Refused,
    zh="没有可撤回的同意：未曾同意、已经撤回，或依据的是法律规定。",
    article="L2 art. 15, 16; P10",
    instead="核对同意记录；对法定依据有异议的，按异议处理。",
):
    """Only a consent that stands can be withdrawn."""


# ── events ───────────────────────────────────────────────────────────────────────────────────

_TAKERS = (
    Office.CLERK, Office.LIAISON, Office.STATION, Office.LEGAL, Office.PRIVACY, Office.PROCEDURE,
)  # fmt: skip


class ConsentGiven(Event, by=(*_TAKERS, Office.SELF), scope=Scope.PERSON):
    """同意: the person, or the guardian of a child, allows it from `since` until `until`."""

    consent: ConsentId
    person: PersonId
    receiver: Receiver
    purpose: Purpose
    groups: tuple[Group, ...]
    evidence: Evidence
    notice: Code  # 告知书版本
    since: date
    until: date | None = None  # excluded
    guardian: PersonId | None = None


class LegalBasisRecorded(Event, by=_TAKERS, scope=Scope.PERSON):
    """登记法律依据: a duty, an emergency or a law allows it without consent."""

    consent: ConsentId
    person: PersonId
    receiver: Receiver
    purpose: Purpose
    groups: tuple[Group, ...]
    basis: Basis
    provision: Code  # 条款，如 个人信息保护法13-3
    since: date
    until: date | None = None  # excluded
    notice: Code | None = None
    paper: Code | None = None


class ConsentWithdrawn(Event, by=(*_TAKERS, Office.SELF), scope=Scope.ALWAYS):
    """撤回同意: for these groups, from the day it takes effect; what was done before stands."""

    consent: ConsentId
    person: PersonId
    groups: tuple[Group, ...]
    partner: Code | None = None  # the journal that the consent was for
    guardian: PersonId | None = None


# ── the consent ──────────────────────────────────────────────────────────────────────────────


def is_child(born: date | None, on: date) -> bool:
    """Whether a person born on that day is under 14; an unknown birth date counts as grown up."""
    if born is None:
        return False
    birthday_to_come = (on.month, on.day) < (born.month, born.day)
    return on.year - born.year - birthday_to_come < CHILD_UNDER


class Consent(Aggregate):
    """One consent or other legal basis of one person (stream `con_…`)."""

    def __init__(self) -> None:
        self.given: ConsentGiven | LegalBasisRecorded | None = None
        self._ends: dict[Group, date] = {}

    # ── decisions ──

    @classmethod
    def give(
        cls,
        act: Act,
        consent: ConsentId,
        person: PersonId,
        receiver: Receiver,
        purpose: Purpose,
        groups: Iterable[Group],
        evidence: Evidence | None,
        notice: Code | None,
        *,
        born: date | None = None,
        guardian: PersonId | None = None,
        since: date | None = None,
        until: date | None = None,
    ) -> ConsentGiven:
        """Takes a person's consent, from `act.on` where no day is given.

        Raises: NoBasisGiven, ReceiverMissing, NoGroupNamed, NoticeMissing, ExpiredBeforeGiven,
        GuardianConsents, GuardianshipEnded, SensitiveNeedsSeparateConsent.
        """
        if evidence is None:
            raise NoBasisGiven(person=person)
        first = since or act.on
        named = _checked(receiver, groups, first, until)
        if not notice:
            raise NoticeMissing(person=person)
        child = is_child(born, act.on)
        guarded = child or evidence is Evidence.GUARDIAN_FORM
        if guardian == person or (guarded and guardian is None):
            raise GuardianConsents(person=person)
        if guardian is not None:
            check_minor(person, born, act.on)
        if evidence is Evidence.SIGNED_LIST and _sensitive(named, purpose, child):
            raise SensitiveNeedsSeparateConsent(groups=named, purpose=purpose)
        return ConsentGiven(
            consent, person, receiver, purpose, named, evidence, notice, first, until, guardian
        )

    @classmethod
    def record_basis(
        cls,
        act: Act,
        consent: ConsentId,
        person: PersonId,
        receiver: Receiver,
        purpose: Purpose,
        groups: Iterable[Group],
        basis: Basis | None,
        provision: Code | None,
        *,
        born: date | None = None,
        since: date | None = None,
        until: date | None = None,
        notice: Code | None = None,
        paper: Code | None = None,
    ) -> LegalBasisRecorded:
        """Records a basis other than consent, from `act.on` where no day is given.

        Raises: NoBasisGiven, ReceiverMissing, NoGroupNamed, ExpiredBeforeGiven,
        EmergencyWithoutEnd, SensitiveNeedsSeparateConsent.
        """
        if basis is None or basis is Basis.SEPARATE_CONSENT or not provision:
            raise NoBasisGiven(person=person, basis=basis)
        first = since or act.on
        named = _checked(receiver, groups, first, until)
        if basis is Basis.EMERGENCY and until is None:
            raise EmergencyWithoutEnd(person=person)
        if basis is Basis.STATUTORY_DUTY and _sensitive(named, purpose, is_child(born, act.on)):
            raise SensitiveNeedsSeparateConsent(groups=named, purpose=purpose)
        return LegalBasisRecorded(
            consent, person, receiver, purpose, named, basis, provision, first, until, notice,
            paper,
        )  # fmt: skip

    def withdraw(
        self,
        act: Act,
        groups: Iterable[Group] | None = None,
        *,
        guardian: PersonId | None = None,
        born: date | None = None,
    ) -> ConsentWithdrawn:
        """Takes the consent back, for these groups or for all.

        Raises: NothingToWithdraw, GuardianshipEnded.
        """
        given = self.given
        standing = {group for group in Group if self._stands(group, act.on)}
        stopped = standing if groups is None else standing & set(groups)
        if not isinstance(given, ConsentGiven) or not stopped:
            raise NothingToWithdraw(on=act.on.isoformat())
        if guardian is not None:
            check_minor(given.person, born, act.on)
        return ConsentWithdrawn(
            given.consent, given.person, tuple(sorted(stopped)), given.receiver.partner, guardian
        )

    # ── questions ──

    @property
    def basis(self) -> Basis | None:
        if isinstance(self.given, LegalBasisRecorded):
            return self.given.basis
        return Basis.SEPARATE_CONSENT if self.given else None

    def covers(self, receiver: str, group: Group, on: date) -> bool:
        """Whether the receiver (a partner's origin, or a union) may be given the group that day."""
        given = self.given
        return (
            given is not None
            and receiver in (given.receiver.partner, given.receiver.union)
            and given.since <= on
            and self._stands(group, on)
        )

    def groups(self, receiver: str, on: date) -> frozenset[Group]:
        """Everything that the receiver may be given on that day."""
        return frozenset(group for group in Group if self.covers(receiver, group, on))

    def ended(self, receiver: str, since: date, on: date) -> frozenset[Group]:
        """What the receiver might be given on a day, or later, and on `on` no longer."""
        given = self.given
        if given is None or receiver not in (given.receiver.partner, given.receiver.union):
            return frozenset()
        stood = given.until is None or since < given.until
        return frozenset(
            group
            for group in given.groups
            if stood and since <= self._ends.get(group, since) and not self._stands(group, on)
        )

    @property
    def to_publish(self) -> bool:
        """Whether it is, or was, a consent to publication."""
        return isinstance(self.given, ConsentGiven) and self.given.purpose is Purpose.PUBLICATION

    def publishes(self, on: date) -> bool:
        """Whether it is a consent to publication that stands on that day, and whole."""
        given = self.given
        return (
            given is not None
            and self.to_publish
            and given.since <= on
            and all(self._stands(group, on) for group in given.groups)
        )

    def _stands(self, group: Group, on: date) -> bool:
        given = self.given
        return (
            given is not None
            and group in given.groups
            and (given.until is None or on < given.until)
            and on < self._ends.get(group, date.max)
        )

    # ── folding ──

    def after(self, fact: Fact) -> None:
        match fact.event:
            case ConsentGiven() | LegalBasisRecorded() as e:
                self.given = e
            case ConsentWithdrawn() as e:
                for group in e.groups:
                    self._ends[group] = min(fact.on, self._ends.get(group, fact.on))
            case _:
                pass


def _checked(
    receiver: Receiver, groups: Iterable[Group], since: date, until: date | None
) -> tuple[Group, ...]:
    if not receiver.name.strip() or (receiver.partner is None and receiver.union is None):
        raise ReceiverMissing(name=receiver.name)
    named = tuple(sorted(set(groups)))
    if not named:
        raise NoGroupNamed(receiver=receiver.name)
    if until is not None and until <= since:
        raise ExpiredBeforeGiven(since=since.isoformat(), until=until.isoformat())
    return named


def _sensitive(groups: Iterable[Group], purpose: Purpose, child: bool) -> bool:
    return child or purpose is Purpose.PUBLICATION or not SENSITIVE.isdisjoint(groups)
