"""规则: every rule with its sentence, an example, where it comes from, and what to do instead."""

from collections.abc import Mapping

from fastapi import APIRouter, Request, Response

from api.asking import maybe_visitor
from api.console.pages import page
from api.problems import Problem
from ledger.domain.kernel import Refused
from ledger.replay.articles import in_words, room_of
from ledger.replay.examples import EXAMPLES

ROOMS: Mapping[str, str] = {
    "persons": "职工与家庭",
    "identity": "证件、姓名、电话",
    "unions": "工会组织",
    "offices": "任职委托",
    "stations": "服务站点",
    "partnerships": "合作协议",
    "membership": "会籍",
    "imports": "花名册",
    "consents": "知情同意",
    "channels": "向对方省提供",
    "schemes": "帮扶办法",
    "hardship": "困难档案",
    "aid": "帮扶救助",
    "procedures": "批量审批",
    "funds": "帮扶资金",
    "money": "金额",
    "rights": "维权案件",
    "services": "普惠服务",
    "help": "职工诉求",
    "questions": "疑点与争议",
    "corrections": "更正",
    "retention": "保存期限",
    "forgetting": "删除个人信息",
    "glass": "紧急查阅",
    "kernel": "业务日期",
    "book": "登记",
    "epochs": "总账的分期",
    "evidence": "案卷",
}
"""What the rooms of the law are called, in the order in which one reads them."""

router = APIRouter(include_in_schema=False)


@router.get("/rules")
def rules(request: Request) -> Response:
    """全部规则，按所在的室；`q` 在名字、句子、举例和依据中查找."""
    sought = request.query_params.get("q", "").strip()
    rooms: dict[str, list[type[Refused]]] = {room: [] for room in ROOMS}
    for name, rule in sorted(Refused.rules.items()):
        if sought.lower() in _told(name, rule):
            rooms.setdefault(room_of(rule), []).append(rule)
    found = {room: of for room, of in rooms.items() if of}
    return page(
        request, "rules.html", who=maybe_visitor(request), rooms=found, called=ROOMS,
        examples=EXAMPLES, count=sum(map(len, found.values())),
    )  # fmt: skip


@router.get("/rules/{name}")
def rule(request: Request, name: str) -> Response:
    """一条规则."""
    found = Refused.rules.get(name)
    if found is None:
        raise Problem(404, "not-found", "There is no such rule.", f"没有规则“{name}”。")
    room = room_of(found)
    return page(
        request, "rule.html", who=maybe_visitor(request), rule=found, room=room,
        called=ROOMS.get(room, room), example=EXAMPLES.get(name, ""),
    )  # fmt: skip


def _told(name: str, rule: type[Refused]) -> str:
    """All that is said of a rule, to look through."""
    said = (name, rule.zh, rule.instead, EXAMPLES.get(name, ""), *in_words(rule.article))
    return "\n".join(said).lower()
