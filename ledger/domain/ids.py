"""Ids (编号): random ids with a prefix, and how a person finds one in a text.

An id is `prefix_` and 26 characters of lower-case base 32 (130 random bits). It says what it
points at and nothing else: no place, no date, no running number, so it can stand in a header
that a partner keeps for ever. At run time an id is a `str`; the `NewType` is for the reader and
for the type checker, and tells the codec that the field is no free text.
"""

import re
from collections.abc import Iterator
from os import urandom
from typing import NewType

PersonId = NewType("PersonId", str)  # per_  职工、家属、工作人员
OfficerId = NewType("OfficerId", str)  # off_  the offices of one person: `officer_of`
HouseholdId = NewType("HouseholdId", str)  # hou_  家庭
UnionId = NewType("UnionId", str)  # uni_  工会组织
StationId = NewType("StationId", str)  # sta_  服务站点
MembershipId = NewType("MembershipId", str)  # mem_  会籍
TransferId = NewType("TransferId", str)  # trf_  接转
PartnershipId = NewType("PartnershipId", str)  # par_  合作协议
ConsentId = NewType("ConsentId", str)  # con_  知情同意
LinkId = NewType("LinkId", str)  # lnk_  一人两档的关联；共享一名职工的开通
ImportId = NewType("ImportId", str)  # imp_  一次导入
EntryId = NewType("EntryId", str)  # ent_  一次登记
ChannelId = NewType("ChannelId", str)  # chn_  通往对方省的通道
SchemeId = NewType("SchemeId", str)  # sch_  帮扶办法
FileId = NewType("FileId", str)  # hrd_  困难档案
FundId = NewType("FundId", str)  # fnd_  资金份额
AllotmentId = NewType("AllotmentId", str)  # alt_  一笔拨付、划转
GrantId = NewType("GrantId", str)  # grt_  一笔帮扶
AidListId = NewType("AidListId", str)  # lis_  发放名单
CaseId = NewType("CaseId", str)  # cas_  维权案件
StepId = NewType("StepId", str)  # stp_  案件中的一步：期限、文书、协议、到账、商请、移交
ServiceId = NewType("ServiceId", str)  # ser_  一次服务
TallyId = NewType("TallyId", str)  # tal_  不记名计数
TripId = NewType("TripId", str)  # tri_  行程
QuestionId = NewType("QuestionId", str)  # que_  疑点与争议
SampleId = NewType("SampleId", str)  # sam_  抽样
HelpId = NewType("HelpId", str)  # hlp_  职工诉求
RetentionId = NewType("RetentionId", str)  # ret_  一个总账的保存期限：`retention_of`
GlassId = NewType("GlassId", str)  # brk_  紧急查阅

PREFIXES = {
    "PersonId": "per",
    "OfficerId": "off",
    "HouseholdId": "hou",
    "UnionId": "uni",
    "StationId": "sta",
    "MembershipId": "mem",
    "TransferId": "trf",
    "PartnershipId": "par",
    "ConsentId": "con",
    "LinkId": "lnk",
    "ImportId": "imp",
    "EntryId": "ent",
    "ChannelId": "chn",
    "SchemeId": "sch",
    "FileId": "hrd",
    "FundId": "fnd",
    "AllotmentId": "alt",
    "GrantId": "grt",
    "AidListId": "lis",
    "CaseId": "cas",
    "StepId": "stp",
    "ServiceId": "ser",
    "TallyId": "tal",
    "TripId": "tri",
    "QuestionId": "que",
    "SampleId": "sam",
    "HelpId": "hlp",
    "RetentionId": "ret",
    "GlassId": "brk",
}

BYSTANDERS = frozenset({
    "second", "collector", "confirmed_by", "instead_of", "acting_for", "handler", "approver", "hands",
})  # fmt: skip
"""Fields of events that name who took part in their office, and not whom the event concerns."""

_ID = re.compile(r"[a-z]{3}_[a-z2-7]{26}", re.ASCII)
_LETTERS = b"abcdefghijklmnopqrstuvwxyz234567" * 8
"""The letter of each byte: all 32 of them equally often, so that 26 random bytes give 130 bits."""


def new(prefix: str) -> str:
    """A new random id: `new("per")` → `per_…`."""
    return f"{prefix}_{urandom(26).translate(_LETTERS).decode()}"


def new_person() -> PersonId:
    return PersonId(new("per"))


def new_household() -> HouseholdId:
    return HouseholdId(new("hou"))


def new_union() -> UnionId:
    return UnionId(new("uni"))


def new_station() -> StationId:
    return StationId(new("sta"))


def new_membership() -> MembershipId:
    return MembershipId(new("mem"))


def new_transfer() -> TransferId:
    return TransferId(new("trf"))


def new_partnership() -> PartnershipId:
    return PartnershipId(new("par"))


def new_consent() -> ConsentId:
    return ConsentId(new("con"))


def new_link() -> LinkId:
    return LinkId(new("lnk"))


def new_scheme() -> SchemeId:
    return SchemeId(new("sch"))


def new_file() -> FileId:
    return FileId(new("hrd"))


def new_fund() -> FundId:
    return FundId(new("fnd"))


def new_allotment() -> AllotmentId:
    return AllotmentId(new("alt"))


def new_grant() -> GrantId:
    return GrantId(new("grt"))


def new_aid_list() -> AidListId:
    return AidListId(new("lis"))


def new_case() -> CaseId:
    return CaseId(new("cas"))


def new_step() -> StepId:
    return StepId(new("stp"))


def new_service() -> ServiceId:
    return ServiceId(new("ser"))


def new_tally() -> TallyId:
    return TallyId(new("tal"))


def new_trip() -> TripId:
    return TripId(new("tri"))


def new_question() -> QuestionId:
    return QuestionId(new("que"))


def new_sample() -> SampleId:
    return SampleId(new("sam"))


def new_help() -> HelpId:
    return HelpId(new("hlp"))


def new_glass() -> GlassId:
    return GlassId(new("brk"))


def retention_of(root: UnionId) -> RetentionId:
    """The stream of a journal's retention terms, from its root union: the same random part."""
    return RetentionId("ret_" + root[4:])


def officer_of(person: PersonId) -> OfficerId:
    """The stream of a person's offices: the same random part, so that one finds the other."""
    return OfficerId("off_" + person[4:])


def person_of(officer: OfficerId) -> PersonId:
    return PersonId("per_" + officer[4:])


def spoken(id_: str) -> str:
    """The number of a thing (受理号), eight digits to be read out at a window: `4821 0937`.

    Made of the id alone, so that a phone and an office say the same; it finds, and proves nothing.
    """
    value = 0
    for letter in id_[4:]:
        value = (value * 32 + _LETTERS.index(letter.encode())) % 100_000_000
    return f"{value // 10_000:04} {value % 10_000:04}"


def is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None


def ids_in(value: object) -> Iterator[str]:
    """Every id in a body, however deep: what a record mentions, also one of an unknown kind."""
    if isinstance(value, str):
        if len(value) == 30 and value[3] == "_" and is_id(value):
            yield value
    elif isinstance(value, dict):
        for key, inner in value.items():  # pyright: ignore[reportUnknownVariableType]
            yield from ids_in(key)  # pyright: ignore[reportUnknownArgumentType]
            yield from ids_in(inner)  # pyright: ignore[reportUnknownArgumentType]
    elif isinstance(value, list | tuple):
        for inner in value:  # pyright: ignore[reportUnknownVariableType]
            yield from ids_in(inner)  # pyright: ignore[reportUnknownArgumentType]
