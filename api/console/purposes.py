"""Why somebody looks across the border (查阅目的): asked once, kept in the address, logged."""

from collections.abc import Mapping

from fastapi import Request

from api.problems import Problem

PURPOSES: Mapping[str, str] = {
    "membership": "会籍办理",
    "transfer": "会籍接转",
    "grant": "帮扶救助",
    "case": "维权案件",
    "service": "普惠服务",
    "correction": "更正核对",
    "dispute": "争议处理",
    "audit": "经审检查",
}


def purpose_in(request: Request) -> str | None:
    """The purpose in the address: a word of the closed list. 400 for another."""
    text = request.query_params.get("purpose", "")
    if text and text not in PURPOSES:
        raise Problem(400, "parameter", "No such purpose.", f"没有“{text}”这一查阅目的。")
    return text or None


def purpose_text(said: str) -> str:
    """How a purpose of the reading log is called; what was written in words stays as it is."""
    code, _, more = said.partition(" ")
    known = {**PURPOSES, "office": "本工会职责"}
    head = code.partition(":")[0]
    return f"{known[head]} {more}".strip() if head in known else said
