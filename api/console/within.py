"""Asking our own API from within (内部调用): a page is a client like any other."""

from collections.abc import Mapping
from dataclasses import dataclass
from secrets import token_hex
from typing import Any, cast

import anyio
import orjson
from fastapi import Request

from api.asking import API


@dataclass(frozen=True)
class Answered:
    """What the API said."""

    status: int
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    data: bytes
    """What was answered, as it came: a file, or a list."""


async def ask(
    request: Request, method: str, path: str, body: bytes = b"", query: str = "",
    headers: Mapping[str, str] | None = None,
) -> Answered:  # fmt: skip
    """Asks our own API, in this process, as the one who is signed in here."""
    said = {
        "cookie": request.headers.get("cookie", ""), "host": request.headers.get("host", ""),
        "accept": "application/json", "content-type": "application/json",
        "content-length": str(len(body)), **(headers or {}),
    }  # fmt: skip
    scope = {
        "type": "http", "asgi": request.scope.get("asgi", {"version": "3.0"}),
        "http_version": "1.1", "method": method,
        "scheme": request.scope["scheme"], "path": API + path, "raw_path": (API + path).encode(),
        "query_string": query.encode(), "root_path": "", "client": request.scope.get("client"),
        "server": request.scope.get("server"),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in said.items()],
    }  # fmt: skip
    sent: list[Any] = []
    unread = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        if not unread:  # whoever asks does not go away
            await anyio.sleep_forever()
        return unread.pop()

    async def send(message: Any) -> None:
        sent.append(message)

    await request.app(scope, receive, send)
    start = sent[0]
    data = b"".join(each.get("body", b"") for each in sent[1:])
    found = {name.decode().lower(): value.decode("latin-1") for name, value in start["headers"]}
    told: Any = orjson.loads(data) if "json" in found.get("content-type", "") else {}
    said_back = cast("dict[str, Any]", told) if isinstance(told, dict) else {}
    return Answered(start["status"], found, said_back, data)


def with_file(fields: Mapping[str, str], name: str, content: bytes) -> tuple[str, bytes]:
    """A file and what is said of it as a form of several parts (RFC 7578): its type, its bytes."""
    edge = token_hex(16)
    parts = [
        f'--{edge}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in fields.items()
    ]
    quoted = name.replace("\\", "_").replace('"', "_").replace("\r", "_").replace("\n", "_")
    head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{quoted}"\r\n\r\n'
    body = b"".join((*parts, head.encode(), content, f"\r\n--{edge}--\r\n".encode()))
    return f"multipart/form-data; boundary={edge}", body
