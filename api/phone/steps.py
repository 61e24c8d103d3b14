"""One question a page (一页一问): a form in steps that needs no script and no memory of ours.

What was answered before travels in hidden fields of the page, so going back, a lost line or a
second phone harm nothing; with script the same fields are also kept on the phone. The whole is
judged again at the end. The command id is made with the first page and stays: however often the
last button is pressed, one thing is recorded.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from secrets import token_urlsafe
from typing import Any, TypeVar

import orjson
from fastapi import Request, Response

from api.phone.frame import page
from api.problems import Problem
from ledger.book import CommandReused, Conflict, Entry, Ledger, Reader
from ledger.domain.identity import (
    DocumentKind,
    normalise,
    normalise_name,
    normalise_phone,
    problems,
    problems_of_name,
    problems_of_phone,
)
from ledger.domain.ids import UnionId, is_id
from ledger.domain.kernel import Act, Fen
from ledger.domain.money import fen_of
from ledger.projections import union_tree

MOST_UNIONS = 60
TAPPED = frozenset({"choice", "union"})
"""Kinds of question that are answered by pressing the answer."""
T = TypeVar("T")


@dataclass(frozen=True)
class Choice:
    """One answer to choose, with its picture."""

    value: str
    text: str
    icon: str = ""
    below: bool = False
    """Whether it has more below it, to be looked into."""
    must: bool = False
    """Of a tick: whether one cannot go on without it."""


@dataclass(frozen=True)
class Question:
    """One page: what is asked, how it is answered, and what must be so.

    `kind`: text · long · number · phone · name · money · date · choice · union · ticks.
    """

    name: str
    title: str
    kind: str = "text"
    hint: str = ""
    choices: tuple[Choice, ...] = ()
    needed: bool = True
    start: str = ""
    """What stands there at first."""
    skip: str = ""
    """What the button says that goes on without an answer, where one may."""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(each.value for each in self.choices) if self.kind == "ticks" else (self.name,)


Answers = Mapping[str, str]
Asked = Callable[[Answers], Sequence[Question]]
"""The questions, as they follow from what was answered."""


@dataclass(frozen=True)
class Flow:
    """A form in steps: where it is posted, what it asks, and what its draft is called."""

    title: str
    action: str
    asked: Asked
    last: str = "提交"
    fixed: Mapping[str, str] = field(default_factory=dict[str, str])
    """Hidden fields beside the answers: the token, say."""


@dataclass(frozen=True)
class Finished:
    """Everything is answered and right."""

    answers: Answers
    command: str

    @property
    def request(self) -> bytes:
        """What a repeated command is compared with."""
        return orjson.dumps(dict(self.answers), option=orjson.OPT_SORT_KEYS)


def take(
    request: Request, flow: Flow, fields: Answers, reader: Reader, today: date
) -> Response | Finished:
    """The next page, or all answers. `fields` of the address or the form as it was sent."""
    answers = {name: value for name, value in fields.items() if name[:1] != "_"}
    command = fields.get("_command", "")
    if not re.fullmatch(r"[\w-]{16,64}", command):
        command = token_urlsafe(18)
    asked = list(flow.asked(answers))
    at = next((n for n, q in enumerate(asked) if q.name == fields.get("_at")), 0)
    go = fields.get("_go", "")
    if fields.get("_skip"):
        answers[asked[at].name], go = "", "next"
    elif not go and asked[at].kind in TAPPED and fields.get(asked[at].name):
        go = "next"
    if fields.get("_open") or not go:
        return _show(request, flow, asked, at, answers, command, reader, opened=fields.get("_open"))
    if go == "stay":
        return _show(request, flow, asked, at, answers, command, reader)
    if go == "back":
        return _show(request, flow, asked, max(0, at - 1), answers, command, reader)
    if go == "resume":  # a draft from the phone: on to what is not answered yet
        at = next((n for n, q in enumerate(asked) if _fault(q, answers, reader, today)), 0)
        return _show(request, flow, asked, at, answers, command, reader)
    fault = _fault(asked[at], answers, reader, today)
    if fault:
        return _show(request, flow, asked, at, answers, command, reader, fault)
    asked = list(flow.asked(answers))
    if at + 1 < len(asked):
        return _show(request, flow, asked, at + 1, answers, command, reader)
    for n, question in enumerate(asked):
        fault = _fault(question, answers, reader, today)
        if fault:
            return _show(request, flow, asked, n, answers, command, reader, fault)
    names = {name for question in asked for name in question.names}
    return Finished({n: v for n, v in sorted(answers.items()) if n in names and v}, command)


def _show(
    request: Request, flow: Flow, asked: Sequence[Question], at: int, answers: Answers,
    command: str, reader: Reader, fault: str = "", opened: str | None = None,
) -> Response:  # fmt: skip
    question = asked[at]
    choices, above = question.choices, ""
    if question.kind == "union":
        choices, above = _unions(reader, opened or answers.get(f"{question.name}", ""), opened)
    names = {name for each in asked for name in each.names}
    kept = {n: v for n, v in answers.items() if n in names and n not in question.names}
    value = answers.get(question.name, question.start)
    return page(
        request, "step.html", status=422 if fault else 200, flow=flow, question=question, at=at,
        count=len(asked), answers=answers, kept=kept, command=command, fault=fault, value=value,
        choices=choices, above=above, last=at + 1 == len(asked), chosen=_called(reader, value),
    )  # fmt: skip


# ── what is wrong with an answer ─────────────────────────────────────────────────────────────


def _fault(question: Question, answers: Answers, reader: Reader, today: date) -> str:
    """What is wrong with the answer, in a sentence; empty where it is right."""
    if question.kind == "ticks":
        lacking = next((c for c in question.choices if c.must and not answers.get(c.value)), None)
        return f"请先勾选：{lacking.text.partition('：')[0]}。" if lacking else ""
    given = answers.get(question.name, "")
    if not given:
        return "请先回答这个问题。" if question.needed else ""
    rules: Sequence[Any] = ()
    match question.kind:
        case "name":
            rules = problems_of_name(normalise_name(given))
        case "number":
            rules = problems(DocumentKind.CITIZEN_NUMBER, normalise(given), today)
        case "phone":
            rules = problems_of_phone(normalise_phone(given))
        case "money":
            return "" if fen(given) is not None else "金额请写数字，例如 3000 或 3000.50。"
        case "date":
            return _date_fault(given, today)
        case "choice":
            known = {each.value for each in question.choices}
            return "" if given in known else "请从下面选一个。"
        case "union":
            known = is_id(given) and union_tree.get(reader.conn, reader.ledger.origin, [given])
            return "" if known else "请从下面选一个工会。"
        case _:
            pass
    return f"{rules[0].zh}{rules[0].instead}" if rules else ""


def _date_fault(given: str, today: date) -> str:
    try:
        said = date.fromisoformat(given)
    except ValueError:
        return "日期请写成 2026-03-01 的样子。"
    return "" if date(1950, 1, 1) <= said <= today else "日期不能晚于今天。"


def fen(given: str) -> Fen | None:
    """An amount as people type it: 3000, 3,000.50 or 3000元. None where it is none."""
    plain = given.replace(",", "").replace("，", "").replace(" ", "").rstrip("元")
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,2})?", plain):
        return None
    made = fen_of(plain)
    return made if made > 0 else None


# ── which union ──────────────────────────────────────────────────────────────────────────────


def _unions(reader: Reader, given: str, opened: str | None) -> tuple[tuple[Choice, ...], str]:
    """The unions to choose from: the top ones, or those below one that was looked into."""
    conn, origin = reader.conn, reader.ledger.origin
    into = given if opened and is_id(given) else ""
    here = union_tree.get(conn, origin, [into]).get(UnionId(into)) if into else None
    rows = union_tree.children(conn, origin, into) if here else union_tree.roots(conn, origin)
    rows = rows[:MOST_UNIONS]
    under = union_tree.under(conn, origin, [row.union for row in rows])
    found = [Choice(row.union, row.name, "", row.union in under) for row in rows]
    if here is not None:
        found.append(Choice(here.union, f"都不是，找{here.name}"))
    return tuple(found), here.name if here else ""


def _called(reader: Reader, value: str) -> str:
    if not (is_id(value) and value.startswith("uni_")):
        return ""
    row = union_tree.get(reader.conn, reader.ledger.origin, [value]).get(UnionId(value))
    return row.name if row else ""


# ── recording ────────────────────────────────────────────────────────────────────────────────


def record(
    ledger: Ledger, act: Act, account: str, finished: Finished, decide: Callable[[Entry], T]
) -> Entry:
    """Records what was asked for once, however often it is sent; tried again where somebody else
    wrote in between.
    """
    for left in (2, 1, 0):
        try:
            with ledger.entry(act, command=(account, finished.command, finished.request)) as entry:
                if not entry.repeated:
                    entry.result["of"] = decide(entry)
            return entry
        except CommandReused:
            raise Problem(
                409,
                "sent",
                "This form has been sent already.",
                "这一份已经提交过，不用再交。",
                instead="内容要改的，打12351或到工会窗口说；别的事，请从首页重新开始。",
            ) from None
        except Conflict:
            if not left:
                raise
    raise AssertionError
