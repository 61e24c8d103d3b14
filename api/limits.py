"""Limits (限流): a bucket for each client, smaller ones for signing in and for open forms; and how
long a body may be, which a route says itself where it takes a file.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any, TypeVar

from fastapi import Request
from starlette.routing import BaseRoute, Match, Route

CLIENTS = 10_000
BODY_BYTES = 1 << 20
ROSTER_BYTES = 32 << 20
"""The biggest roster that is taken over HTTP."""

Taking = TypeVar("Taking", bound=Callable[..., Any])
_FILES: dict[Callable[..., Any], int] = {}


def takes(most: int) -> Callable[[Taking], Taking]:
    """Says of a route that it takes a file of up to `most` bytes."""

    def say(route: Taking) -> Taking:
        _FILES[route] = most
        return route

    return say


def _takes(request: Request, route: BaseRoute) -> int:
    if not isinstance(route, Route) or route.endpoint not in _FILES:
        return 0
    return _FILES[route.endpoint] if route.matches(request.scope)[0] is Match.FULL else 0


def too_long(request: Request, length: int) -> int:
    """0 where a body may be that long; else what is taken there at most: a file, or any body."""
    if length <= BODY_BYTES:
        return 0
    file = max((_takes(request, route) for route in request.app.routes), default=0)
    # Beside its file a form has fields.
    return 0 if file and length <= file + BODY_BYTES else file or BODY_BYTES


class Limiter:
    """Token buckets in memory: enough for one node, gone with it."""

    def __init__(self, per_second: float = 50, burst: int = 300, sign_ins: int = 10) -> None:
        self._rates = {"any": (per_second, burst), "sign-in": (0.2, sign_ins), "public": (1, 120)}
        self._buckets: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def wait(self, request: Request) -> int:
        """Seconds to wait before this request may be tried again; 0 where it may go on."""
        client = request.client.host if request.client else "?"
        kind = _kind(request.method, request.url.path)
        rate, burst = self._rates[kind]
        now = time.monotonic()
        with self._lock:
            left, last = self._buckets.pop((kind, client), (float(burst), now))
            left = min(float(burst), left + (now - last) * rate)
            allowed = left >= 1
            self._buckets[kind, client] = (left - 1 if allowed else left, now)
            if len(self._buckets) > CLIENTS:
                self._buckets.popitem(last=False)
        return 0 if allowed else max(1, math.ceil((1 - left) / rate))


def _kind(method: str, path: str) -> str:
    """Which bucket a request is taken from: guesses, forms without an account, or anything."""
    if path == "/check" or path.startswith("/V/"):
        return "public"  # codes are guessed by reading, too
    if method != "POST":
        return "any"
    if path.endswith(("/sign-in", "/sign-in/code")):
        return "sign-in"
    return "public" if path.startswith(("/j/", "/m/")) else "any"
