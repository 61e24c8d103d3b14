"""Rules (规则): every rule with its sentence, where it comes from, and what to do instead."""

import importlib
import pkgutil
from dataclasses import dataclass

from fastapi import Response

import ledger.domain
import ledger.imports
from api.asking import Room, answer
from ledger.book import NotFound
from ledger.domain.kernel import Refused
from ledger.replay.articles import in_words, room_of
from ledger.replay.examples import EXAMPLES

ROUTER = Room("/rules", "规则")

for room in (ledger.domain, ledger.imports):
    for each in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
        importlib.import_module(each.name)  # a rule is known once its room is


@dataclass(frozen=True)
class Rule:
    """One rule, as people read it; `sources` is its article in Chinese words."""

    rule: str
    sentence: str
    zh: str
    article: str
    instead: str
    room: str
    sources: tuple[str, ...]
    example: str

    @classmethod
    def of(cls, rule: type[Refused]) -> "Rule":
        name = rule.__name__
        return cls(
            name, rule.sentence(), rule.zh, rule.article, rule.instead, room_of(rule),
            in_words(rule.article), EXAMPLES.get(name, ""),
        )  # fmt: skip


@ROUTER.view("", "全部规则", list[Rule])
def rules() -> Response:
    return answer([Rule.of(rule) for _, rule in sorted(Refused.rules.items())])


@ROUTER.view("/{name}", "一条规则", Rule)
def rule(name: str) -> Response:
    found = Refused.rules.get(name)
    if found is None:
        raise NotFound(name)
    return answer(Rule.of(found))
