"""What a refusal turned on (拒绝的事实), named as far as the visitor may see."""

from collections.abc import Mapping
from typing import Any

from api.console.pickers import called
from api.showing import partners
from ledger.desk import Visitor
from ledger.replay.refusals import Told, in_names, to_be_named


def facts_of(said: Mapping[str, Any], who: Visitor | None) -> list[tuple[str, str]]:
    """Label and text of each fact of a problem; nothing of a person whom the visitor may not see."""
    facts = [Told(fact["label"], tuple(fact["values"])) for fact in said.get("told", ())]
    things = [each for fact in facts for each in fact.values if to_be_named(each)]
    if who is None or not things:
        return in_names(facts, {})
    with who.ledger.looking(who.look("problem", str(said["title_zh"]))) as reader:
        return in_names(facts, {**dict(partners(reader)), **called(reader, who, things)})
