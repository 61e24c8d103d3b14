"""Operations (任务): long work that was begun, how far it is, and what came of it."""

import hmac
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from threading import Lock, Thread
from typing import Annotated, Any

from fastapi import Path, Request, Response

from api.asking import Room, SignedIn, answer
from ledger.book import CommandReused, Conflict, NotFound
from ledger.domain.ids import new
from ledger.domain.kernel import Refused
from ledger.replay.refusals import told

ROUTER = Room("/operations", "任务")
KEPT = 1000

Tell = Callable[[int, int], None]


@dataclass
class Operation:
    """One piece of long work: running, done with a result, or failed with a problem."""

    id: str
    kind: str
    state: str = "running"
    done: int = 0
    of: int | None = None
    result: Any = None
    problem: dict[str, Any] | None = None


@dataclass
class Operations:
    """What this process works at. What was done stands in the ledger; after a restart the work is
    begun anew, and goes on where it stopped.
    """

    _held: "OrderedDict[str, tuple[str, Operation]]" = field(
        default_factory=OrderedDict[str, tuple[str, Operation]]
    )
    _begun: dict[tuple[str, str], tuple[bytes, Operation]] = field(
        default_factory=dict[tuple[str, str], tuple[bytes, Operation]]
    )
    _lock: Lock = field(default_factory=Lock)

    def start(
        self, command: tuple[str, str, bytes], kind: str, work: Callable[[Tell], Any]
    ) -> tuple[Operation, bool]:
        """Begins work in the background, once for a command; whether it was begun before.

        Raises: CommandReused.
        """
        account, key, request = command
        digest = sha256(request).digest()
        with self._lock:
            before = self._begun.get((account, key))
            if before is not None:
                if not hmac.compare_digest(before[0], digest):
                    raise CommandReused
                return before[1], True
            one = Operation(new("opn"), kind)
            self._held[one.id] = (account, one)
            self._begun[account, key] = (digest, one)
            while len(self._held) > KEPT:
                old, _ = self._held.popitem(last=False)
                self._begun = {k: v for k, v in self._begun.items() if v[1].id != old}
        Thread(target=self._run, args=(one, work), name=f"operation {kind}", daemon=True).start()
        return one, False

    def _run(self, one: Operation, work: Callable[[Tell], Any]) -> None:
        def tell(done: int, of: int) -> None:
            one.done, one.of = done, of

        try:
            one.result = work(tell)
            one.state = "done"
        except Refused as rule:
            kind = type(rule)
            one.problem = {
                "type": f"/rules/{kind.__name__}", "title": rule.sentence(), "title_zh": rule.zh,
                "rule": kind.__name__, "article": rule.article, "instead": rule.instead,
                "facts": rule.facts, "told": [fact._asdict() for fact in told(rule)],
            }  # fmt: skip
            one.state = "failed"
        except Conflict:
            one.problem = {
                "type": "/problems/conflict", "title": "Somebody wrote first: begin it again.",
                "title_zh": "他人已先登记，请再办一次；已受理的不会重复。",
            }  # fmt: skip
            one.state = "failed"
        finally:
            if one.state == "running":  # our bug: the thread ends with it, loudly
                one.problem = {"type": "/problems/ours", "title_zh": "系统出错，请联系管理员。"}
                one.state = "failed"

    def find(self, account: str, operation: str) -> Operation:
        """Raises: NotFound, also for the work of another account."""
        held = self._held.get(operation)
        if held is None or held[0] != account:
            raise NotFound(operation)
        return held[1]


def operations_of(request: Request) -> Operations:
    held: Operations = request.app.state.operations
    return held


def begun(started: tuple[Operation, bool]) -> Response:
    """202 and where to look."""
    one, before = started
    made = answer(one, status=202)
    made.headers["Location"] = f"/api/v1/operations/{one.id}"
    made.headers["Retry-After"] = "1"
    if before:
        made.headers["Idempotent-Replayed"] = "true"
    return made


@ROUTER.view("/{operation}", "任务进度与结果", Operation)
def operation(
    operation: Annotated[str, Path(pattern=r"^opn_[a-z2-7]{26}$")],
    who: SignedIn,
    request: Request,
) -> Response:
    return answer(operations_of(request).find(who.account, operation))
