"""个人信息: the rooms that stand beside each other under 授权与共享, and to whom each is shown."""

from collections.abc import Mapping

from api.problems import Problem
from ledger.desk import Visitor
from ledger.domain.forgetting import PersonRestricted, PersonShredded
from ledger.domain.glass import GlassBroken, GlassReviewed
from ledger.domain.kernel import Office

_OFFICES: Mapping[str, frozenset[Office]] = {
    "/forgetting": frozenset({
        *PersonRestricted.by, *PersonShredded.by, Office.CHAIR, Office.AUDITOR,
    }) - {Office.PROCEDURE},
    "/glasses": frozenset({*GlassBroken.by, *GlassReviewed.by, Office.AUDITOR}),
}  # fmt: skip
_ROOMS: Mapping[str, str] = {
    "/consents": "授权与共享", "/forgetting": "限制与删除", "/glasses": "紧急查阅",
    "/retention-terms": "保存期限",
}  # fmt: skip


def enters(who: Visitor, room: str) -> bool:
    """Whether one of the visitor's offices has to do with what a room is for."""
    offices = _OFFICES.get(room)
    return offices is None or any(post.office in offices for post in who.posts)


def rooms(who: Visitor) -> Mapping[str, str]:
    """The rooms that this visitor is shown: address, name."""
    return {room: name for room, name in _ROOMS.items() if enters(who, room)}


def check_room(who: Visitor, room: str) -> None:
    """403 for whom a room is not."""
    if not enters(who, room):
        raise Problem(
            403, "not-your-office", "This is for those who restrict, forget, look and review.",
            "限制与删除、紧急查阅由经办、服务站和个人信息保护负责人办理，主席和经审可以查看。",
            instead="请相应岗位的人员办理。",
        )  # fmt: skip
