"""Trade unions (工会组织): a tree by superior union, in which nothing is arbitrarily dissolved.

The administrative division is an attribute of a union and no place in the tree: an industry
union hangs on none, and an away committee has its superior at home and works at the host. A
union keeps its history: each name, superior and division holds from a day on.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeVar

from ledger.domain import divisions
from ledger.domain.identity import normalise, problems_of_credit_code
from ledger.domain.ids import UnionId
from ledger.domain.kernel import (
    Act,
    Aggregate,
    Claim,
    Code,
    Event,
    Fact,
    Office,
    PublicText,
    Refused,
    Release,
    Scope,
)

T = TypeVar("T")

LATEST = date.max
"""The day to ask about where no other is meant: how it stands by all that is recorded."""


class UnionKind(StrEnum):
    """Kinds of union (工会类型)."""

    FEDERATION = "federation"  # 地方总工会
    INDUSTRY = "industry"  # 产业工会
    TOWNSHIP = "township"  # 乡镇（街道）工会
    VILLAGE = "village"  # 村（社区）工会
    SECTOR = "sector"  # 区域（行业）工会，园区工会
    UNION_FEDERATION = "union_federation"  # 基层工会联合会
    GRASSROOTS = "grassroots"  # 单位基层工会
    JOINT = "joint"  # 联合基层工会
    GROUP = "group"  # 企业集团工会
    PROJECT = "project"  # 项目工会
    AWAY_COMMITTEE = "away_committee"  # 外出劳务人员工会委员会


OF_A_PLACE = {UnionKind.FEDERATION, UnionKind.TOWNSHIP, UnionKind.VILLAGE}
OF_EMPLOYERS = {UnionKind.GRASSROOTS, UnionKind.JOINT, UnionKind.GROUP, UnionKind.PROJECT}


class DissolutionReason(StrEnum):
    """Why a union is dissolved (撤销原因)."""

    EMPLOYER_ENDED = "employer_ended"  # 单位终止：事实，报上级备案
    PROJECT_ENDED = "project_ended"  # 项目结束：事实，报上级备案
    REORGANISED = "reorganised"  # 机构调整：上级决定
    EMPTY = "empty"  # 已无会员：上级决定
    OTHER = "other"  # 其他，见批复：上级决定

    @property
    def fact(self) -> bool:
        """Whether the world has ended this union, and no office decides it."""
        return self in (DissolutionReason.EMPLOYER_ENDED, DissolutionReason.PROJECT_ENDED)


@dataclass(frozen=True)
class Employer:
    """An employer whose workers a union organises (用人单位); a joint union has several."""

    name: PublicText
    credit_code: Code | None = None


# ── rules ────────────────────────────────────────────────────────────────────────────────────


class JournalIsOpen(
    Refused,
    zh="本省总账已经启用。",
    article="design: origin",
):
    """A journal is opened once, by its first record."""


class OriginUnfit(
    Refused,
    zh="总账标识须为可见 ASCII 字符，不含空格和加号。",
    article="design: origin",
    instead="使用短横线连接的英文名，不带年份。",
):
    """A journal's origin is written in visible ASCII, without spaces and plus signs."""


class FoundingNotApproved(
    Refused,
    zh="建立工会须经上一级工会批准。",
    article="L1 art. 10, 12; F1",
    instead="请由上一级工会（或其上级）批准并登记批复文号。",
):
    """A union exists only when the next union up, or one above that, approves it."""


class UnionNameMissing(
    Refused,
    zh="工会须有名称。",
    article="L1 art. 10; F1",
):
    """A union is founded under a name."""


class DivisionMissing(
    Refused,
    zh="地方总工会、乡镇（街道）工会、村（社区）工会须填行政区划。",
    article="rules (c)",
    instead="填写所在行政区划代码。",
):
    """The union of a place names its division."""


class HostPlaceMissing(
    Refused,
    zh="外出劳务人员工会委员会须填驻地。",
    article="YB01",
    instead="填写务工地的行政区划代码。",
):
    """An away committee names the host place where it works."""


class NoSuchDivision(
    Refused,
    zh="行政区划代码不存在。",
    article="GB/T 2260; H10",
    instead="核对代码：前六位须是曾经或现行的县级以上区划。",
):
    """A division code begins with the six digits of a division that is or was in force."""


class CreditCodeTaken(
    Refused,
    zh="该统一社会信用代码已登记在另一工会名下。",
    article="GB 32100; F3",
    instead="核对证书；如为同一工会，不必重复建立。",
):
    """A credit code belongs to one union."""


class UnionNotOpen(
    Refused,
    zh="该工会在所填日期尚未成立或已经撤销。",
    article="L1 art. 12, 13; F1, F2",
    instead="核对工会和日期。",
):
    """Only a union that stands on the day can act, change, end, or have others below it."""


class OutsideItsLine(
    Refused,
    zh="工会的登记事项由本工会或其上级工会办理。",
    article="L1 art. 10; F1",
    instead="请由该工会或其上级工会办理。",
):
    """A union's particulars are recorded by itself or by a union above it."""


class SuperiorDecides(
    Refused,
    zh="除单位终止、项目结束外，撤销、合并、变更隶属须由上级工会决定。",
    article="L1 art. 13; F2",
    instead="请报上级工会，由其主席决定并登记文号。",
):
    """Other than by the end of its employer or project, a union ends or moves by its superior."""


class EndsOtherwise(
    Refused,
    zh="撤销原因与工会类型不符：项目工会随项目结束，单位工会随单位终止。",
    article="L1 art. 13; F2, J1",
    instead="选择相符的原因；其他情形须由上级工会决定。",
):
    """Only a project's union ends with its project, only an employer's with its employer."""


class MembersWithoutOutcome(
    Refused,
    zh="仍有会员去向未定，工会不能撤销或合并。",
    article="L1 art. 13; F2, J4",
    instead="逐人登记转出、保留或离会；未定的由上级工会或居住地工会保留会籍。",
):
    """No union closes before each of its members has an outcome."""


class UnionsBelow(
    Refused,
    zh="仍有下级工会，工会不能撤销或合并。",
    article="L1 art. 10, 13; F1, F2",
    instead="先变更下级工会的隶属，或先将其撤销、合并。",
):
    """No union closes while another has it as its superior."""


class BelowItself(
    Refused,
    zh="工会不能隶属于、并入自己或自己的下级。",
    article="L1 art. 10; F1",
    instead="核对上级工会。",
):
    """A union is neither its own superior nor merged into itself or into one below it."""


class UnionUnchanged(
    Refused,
    zh="与现有登记相同，无须变更。",
    article="design: changes",
):
    """A change records something new."""


# ── events ───────────────────────────────────────────────────────────────────────────────────


class JournalOpened(Event, by=Office.PROCEDURE, scope=Scope.ALWAYS):
    """启用总账: the first record of a province's journal, in the stream of its root union."""

    union: UnionId
    province: Code  # 行政区划代码前两位
    origin: Code

    def takes(self) -> Iterable[Claim]:
        yield Claim(JournalIsOpen, self.origin)


class UnionFounded(Event, by=(Office.CHAIR, Office.PROCEDURE), scope=Scope.ORGANISATION):
    """建会: approved by the superior; `paper` is the approval's number (批复文号)."""

    union: UnionId
    name: PublicText
    kind: UnionKind
    superior: UnionId | None
    short_name: PublicText = ""
    division: Code | None = None  # 所属行政区划
    location: Code | None = None  # 驻地：外出工会委员会的务工地
    employers: tuple[Employer, ...] = ()
    credit_code: Code | None = None
    paper: Code | None = None

    def takes(self) -> Iterable[Claim]:
        if self.credit_code:
            yield Claim(CreditCodeTaken, self.credit_code)


class UnionRenamed(
    Event, by=(Office.CHAIR, Office.CLERK, Office.PROCEDURE), scope=Scope.ORGANISATION
):
    """更名: the new name holds from the day the fact takes effect."""

    union: UnionId
    name: PublicText
    short_name: PublicText = ""
    paper: Code | None = None


class UnionMoved(Event, by=(Office.CHAIR, Office.PROCEDURE), scope=Scope.ORGANISATION):
    """变更隶属: from one superior to another."""

    union: UnionId
    former: UnionId | None
    superior: UnionId
    paper: Code | None = None


class DivisionReorganised(
    Event, by=(Office.CHAIR, Office.CLERK, Office.PROCEDURE), scope=Scope.ORGANISATION
):
    """区划调整: the division of a union has another code from this day; its history stays."""

    union: UnionId
    former: Code | None
    division: Code
    paper: Code | None = None


class EmployersListed(
    Event, by=(Office.CHAIR, Office.CLERK, Office.PROCEDURE), scope=Scope.ORGANISATION
):
    """登记用人单位: whose workers the union organises from this day, in place of the last list."""

    union: UnionId
    employers: tuple[Employer, ...]


class CreditCodeRecorded(
    Event, by=(Office.CHAIR, Office.CLERK, Office.PROCEDURE), scope=Scope.ORGANISATION
):
    """登记统一社会信用代码: with the number of the legal-person certificate (法人资格证书)."""

    union: UnionId
    credit_code: Code
    certificate: Code | None = None

    def frees(self) -> Iterable[Release]:
        yield Release(CreditCodeTaken)

    def takes(self) -> Iterable[Claim]:
        yield Claim(CreditCodeTaken, self.credit_code)


class UnionDissolved(
    Event, by=(Office.CHAIR, Office.CLERK, Office.PROCEDURE), scope=Scope.ORGANISATION
):
    """撤销: ended with its employer or project and reported, or by the superior's decision.

    `members` is how many were given an outcome in the same entry, a record each.
    """

    union: UnionId
    reason: DissolutionReason
    reported_to: UnionId | None
    members: int = 0
    paper: Code | None = None


class UnionMerged(Event, by=(Office.CHAIR, Office.PROCEDURE), scope=Scope.ORGANISATION):
    """合并: the union goes on in another; `members` went with it, a record each."""

    union: UnionId
    into: UnionId
    members: int = 0
    paper: Code | None = None


# ── the tree ─────────────────────────────────────────────────────────────────────────────────


def line_of(
    union: UnionId, superior_of: Callable[[UnionId], UnionId | None]
) -> tuple[UnionId, ...]:
    """The union and those above it, up to the top; a ring, which no rule lets in, ends it."""
    line = [union]
    above = superior_of(union)
    while above is not None and above not in line:
        line.append(above)
        above = superior_of(above)
    return tuple(line)


def _as_at(values: Iterable[tuple[date, T]], on: date) -> T | None:
    """The value that holds on a day; of two that begin on one day, the one recorded later."""
    found: tuple[date, T] | None = None
    for since, value in values:
        if since <= on and (found is None or found[0] <= since):
            found = since, value
    return None if found is None else found[1]


def _check_division(code: Code | None, today: date) -> None:
    if code is not None and not divisions.in_force(code[:6], date.min, today):
        raise NoSuchDivision(code=code)


def _credit_code(text: Code | None) -> Code | None:
    """The code as it is written on the certificate, or what is wrong with it."""
    code = normalise(text or "")
    if not code:
        return None
    for problem in problems_of_credit_code(code):
        raise problem(code=code)
    return Code(code)


def _checked(employers: Iterable[Employer]) -> tuple[Employer, ...]:
    return tuple(
        Employer(employer.name.strip(), _credit_code(employer.credit_code))
        for employer in employers
    )


class Union(Aggregate):
    """One union, from its founding to its end (stream `uni_…`).

    In each decision `line` is the union and those above it, as `line_of` gives it.
    """

    def __init__(self) -> None:
        self.journal: JournalOpened | None = None
        self.founded: UnionFounded | None = None
        self.founded_on: date | None = None
        self.closing: UnionDissolved | UnionMerged | None = None
        self.closed_on: date | None = None
        self._names: list[tuple[date, tuple[str, str]]] = []
        self._superiors: list[tuple[date, UnionId | None]] = []
        self._divisions: list[tuple[date, Code | None]] = []
        self._employers: list[tuple[date, tuple[Employer, ...]]] = []
        self._credit_codes: list[tuple[date, Code | None]] = []

    # ── decisions ──

    @classmethod
    def open_journal(cls, act: Act, root: UnionId, province: Code, origin: Code) -> JournalOpened:
        """Opens a province's journal. Raises: OriginUnfit, NoSuchDivision."""
        if not origin or not all("!" <= letter <= "~" and letter != "+" for letter in origin):
            raise OriginUnfit(origin=origin)
        _check_division(Code(f"{province}0000"), act.today)
        return JournalOpened(root, province, origin)

    @classmethod
    def found(
        cls,
        act: Act,
        union: UnionId,
        name: str,
        kind: UnionKind,
        superior: "Union | None",
        *,
        line: Sequence[UnionId] = (),
        short_name: str = "",
        division: Code | None = None,
        location: Code | None = None,
        employers: Sequence[Employer] = (),
        credit_code: Code | None = None,
        paper: Code | None = None,
    ) -> UnionFounded:
        """Founds a union. `line`: its superior and those above; none for a journal's root.

        Raises: FoundingNotApproved, UnionNotOpen, UnionNameMissing, DivisionMissing,
        HostPlaceMissing, NoSuchDivision, and what is wrong with a credit code.
        """
        if act.office is not Office.PROCEDURE and (superior is None or act.union not in line):
            raise FoundingNotApproved(by=act.union, superior=superior and superior.id)
        above = superior._standing(act) if superior else None
        if not name.strip():
            raise UnionNameMissing(union=union)
        if kind in OF_A_PLACE and division is None:
            raise DivisionMissing(kind=kind)
        if kind is UnionKind.AWAY_COMMITTEE and location is None:
            raise HostPlaceMissing(union=union)
        _check_division(division, act.today)
        _check_division(location, act.today)
        return UnionFounded(
            union, name.strip(), kind, above.union if above else None, short_name.strip(),
            division, location, _checked(employers), _credit_code(credit_code), paper,
        )  # fmt: skip

    def rename(
        self,
        act: Act,
        name: str,
        short_name: str = "",
        *,
        line: Sequence[UnionId],
        paper: Code | None = None,
    ) -> UnionRenamed:
        """Raises: UnionNotOpen, OutsideItsLine, UnionNameMissing, UnionUnchanged."""
        founded = self._kept_by(act, line)
        if not name.strip():
            raise UnionNameMissing(union=founded.union)
        names = name.strip(), short_name.strip()
        if names == _as_at(self._names, act.on):
            raise UnionUnchanged(name=name)
        return UnionRenamed(founded.union, *names, paper)

    def move(
        self,
        act: Act,
        superior: "Union",
        *,
        line: Sequence[UnionId],
        superior_line: Sequence[UnionId],
        paper: Code | None = None,
    ) -> UnionMoved:
        """Gives it another superior, by a union above both places. `superior_line`: the new one.

        Raises: UnionNotOpen, BelowItself, SuperiorDecides, UnionUnchanged.
        """
        founded = self._standing(act)
        above = superior._standing(act)
        if founded.union in superior_line:
            raise BelowItself(union=founded.union)
        self._decided_above(act, [union for union in line if union in superior_line])
        if above.union == self.superior(act.on):
            raise UnionUnchanged(superior=above.union)
        return UnionMoved(founded.union, self.superior(act.on), above.union, paper)

    def reorganise_division(
        self, act: Act, division: Code, *, line: Sequence[UnionId], paper: Code | None = None
    ) -> DivisionReorganised:
        """Raises: UnionNotOpen, OutsideItsLine, NoSuchDivision, UnionUnchanged."""
        founded = self._kept_by(act, line)
        _check_division(division, act.today)
        if division == self.division(act.on):
            raise UnionUnchanged(division=division)
        return DivisionReorganised(founded.union, self.division(act.on), division, paper)

    def list_employers(
        self, act: Act, employers: Sequence[Employer], *, line: Sequence[UnionId]
    ) -> EmployersListed:
        """Raises: UnionNotOpen, OutsideItsLine, what is wrong with the code, UnionUnchanged."""
        founded = self._kept_by(act, line)
        listed = _checked(employers)
        if listed == self.employers(act.on):
            raise UnionUnchanged(employers=len(listed))
        return EmployersListed(founded.union, listed)

    def record_credit_code(
        self,
        act: Act,
        credit_code: Code,
        certificate: Code | None = None,
        *,
        line: Sequence[UnionId],
    ) -> CreditCodeRecorded:
        """Raises: UnionNotOpen, OutsideItsLine, what is wrong with the code, UnionUnchanged."""
        founded = self._kept_by(act, line)
        code = _credit_code(credit_code)
        if code is None or (code == self.credit_code(act.on) and certificate is None):
            raise UnionUnchanged(code=credit_code)
        return CreditCodeRecorded(founded.union, code, certificate)

    def dissolve(
        self,
        act: Act,
        reason: DissolutionReason,
        *,
        line: Sequence[UnionId],
        members_left: int,
        unions_below: int = 0,
        members: int = 0,
        paper: Code | None = None,
    ) -> UnionDissolved:
        """Ends a union. `members_left`: those without an outcome, `members`: those given one.

        Raises: UnionNotOpen, EndsOtherwise, OutsideItsLine, SuperiorDecides, UnionsBelow,
        MembersWithoutOutcome.
        """
        if reason.fact:
            founded = self._kept_by(act, line)
            project = reason is DissolutionReason.PROJECT_ENDED
            if founded.kind not in ({UnionKind.PROJECT} if project else OF_EMPLOYERS):
                raise EndsOtherwise(kind=founded.kind, reason=reason)
        else:
            founded = self._standing(act)
            self._decided_above(act, line[1:])
        self._left_empty(members_left, unions_below)
        return UnionDissolved(founded.union, reason, self.superior(act.on), members, paper)

    def merge(
        self,
        act: Act,
        into: "Union",
        *,
        line: Sequence[UnionId],
        into_line: Sequence[UnionId],
        members_left: int,
        unions_below: int = 0,
        members: int = 0,
        paper: Code | None = None,
    ) -> UnionMerged:
        """Lets a union go on in another. `into_line`: that other and those above it.

        Raises: UnionNotOpen, BelowItself, SuperiorDecides, UnionsBelow, MembersWithoutOutcome.
        """
        founded = self._standing(act)
        other = into._standing(act)
        if founded.union in into_line:
            raise BelowItself(union=founded.union)
        self._decided_above(act, line[1:])
        self._left_empty(members_left, unions_below)
        return UnionMerged(founded.union, other.union, members, paper)

    def _standing(self, act: Act) -> UnionFounded:
        if self.founded is None or not self.open(act.on):
            raise UnionNotOpen(union=self.id, on=act.on.isoformat())
        return self.founded

    def _kept_by(self, act: Act, line: Sequence[UnionId]) -> UnionFounded:
        founded = self._standing(act)
        if act.office is not Office.PROCEDURE and act.union not in line:
            raise OutsideItsLine(union=founded.union, by=act.union)
        return founded

    @staticmethod
    def _decided_above(act: Act, above: Sequence[UnionId]) -> None:
        by_chair = act.deciding_office is Office.CHAIR and act.union in above
        if act.office is not Office.PROCEDURE and not by_chair:
            raise SuperiorDecides(by=act.union, office=act.deciding_office)

    def _left_empty(self, members_left: int, unions_below: int) -> None:
        if self.closed_on is not None:
            raise UnionNotOpen(union=self.id, closed=self.closed_on.isoformat())
        if unions_below > 0:
            raise UnionsBelow(unions=unions_below)
        if members_left > 0:
            raise MembersWithoutOutcome(members=members_left)

    # ── questions ──

    @property
    def id(self) -> UnionId | None:
        known = self.founded or self.journal
        return known.union if known else None

    @property
    def kind(self) -> UnionKind | None:
        return self.founded.kind if self.founded else None

    @property
    def location(self) -> Code | None:
        """Where it works, where that is not its division."""
        return self.founded.location if self.founded else None

    @property
    def successor(self) -> UnionId | None:
        """The union in which this one goes on."""
        return self.closing.into if isinstance(self.closing, UnionMerged) else None

    def open(self, on: date = LATEST) -> bool:
        """Whether the union stands on that day; on the day of its end it does no more."""
        return (
            self.founded_on is not None
            and self.founded_on <= on
            and (self.closed_on is None or on < self.closed_on)
        )

    def name(self, on: date = LATEST) -> str:
        names = _as_at(self._names, on)
        return names[0] if names else ""

    def short_name(self, on: date = LATEST) -> str:
        """The short name, or the name where it has none."""
        names = _as_at(self._names, on)
        return (names[1] or names[0]) if names else ""

    def superior(self, on: date = LATEST) -> UnionId | None:
        return _as_at(self._superiors, on)

    def division(self, on: date = LATEST) -> Code | None:
        return _as_at(self._divisions, on)

    def employers(self, on: date = LATEST) -> tuple[Employer, ...]:
        return _as_at(self._employers, on) or ()

    def credit_code(self, on: date = LATEST) -> Code | None:
        return _as_at(self._credit_codes, on)

    # ── folding ──

    def after(self, fact: Fact) -> None:
        on = fact.on
        match fact.event:
            case JournalOpened() as e:
                self.journal = e
            case UnionFounded() as e:
                self.founded, self.founded_on = e, on
                self._names.append((on, (e.name, e.short_name)))
                self._superiors.append((on, e.superior))
                self._divisions.append((on, e.division))
                self._employers.append((on, e.employers))
                self._credit_codes.append((on, e.credit_code))
            case UnionRenamed() as e:
                self._names.append((on, (e.name, e.short_name)))
            case UnionMoved() as e:
                self._superiors.append((on, e.superior))
            case DivisionReorganised() as e:
                self._divisions.append((on, e.division))
            case EmployersListed() as e:
                self._employers.append((on, e.employers))
            case CreditCodeRecorded() as e:
                self._credit_codes.append((on, e.credit_code))
            case UnionDissolved() | UnionMerged() as e:
                self.closing, self.closed_on = e, on
            case _:
                pass
