"""The API's own page (接口说明): every route with what it asks for, from the OpenAPI description.

Rendered here from our own files: no script, nothing from elsewhere.
"""

import re
from html import escape
from typing import Any

import orjson
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse

from api.asking import API, COOKIE, ProblemShape

ROUTER = APIRouter(prefix=API, include_in_schema=False)

Shape = dict[str, Any]


_ROOM = re.compile(r"\b(?:api|ledger)(?:__\w+?)*__(\w+?)__([A-Z]\w*)\b")
_OPEN = ("/healthz", "/readyz", "/api/v1/rules", "/api/v1/session/sign-in")
_HEADERS = {"idempotency-key": "Idempotency-Key", "if-match": "If-Match"}


class Described(FastAPI):
    """An application whose description is whole: problems, how one signs in, headers by name."""

    def openapi(self) -> Shape:
        if self.openapi_schema is None:
            told = orjson.loads(_ROOM.sub(r"\1.\2", orjson.dumps(super().openapi()).decode()))
            held = told["components"]
            held["schemas"]["ProblemShape"] = ProblemShape.model_json_schema()
            held["securitySchemes"] = {
                "token": {"type": "http", "scheme": "bearer", "description": "接口令牌"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": COOKIE,
                           "description": "登录后的浏览器；写操作另须 X-CSRF-Token"},
            }  # fmt: skip
            for path, methods in told["paths"].items():
                for route in methods.values():
                    if not path.startswith(_OPEN):
                        route["security"] = [{"token": []}, {"cookie": []}]
                    for each in route.get("parameters", ()):
                        if each["in"] == "header":
                            each |= {"name": _HEADERS[each["name"]], "required": True}
                            each["schema"] = {"type": "string"}
            self.openapi_schema = told
        return self.openapi_schema or {}


@ROUTER.get("/docs", response_class=HTMLResponse)
def docs(request: Request) -> HTMLResponse:
    told = request.app.openapi()
    rooms: dict[str, list[str]] = {}
    for path, methods in told["paths"].items():
        for method, route in methods.items():
            rooms.setdefault(route["tags"][0], []).append(_route(told, method, path, route))
    listed = "".join(
        f'<section id="{escape(room)}"><h2>{escape(room)}</h2>{"".join(routes)}</section>'
        for room, routes in rooms.items()
    )
    links = "".join(f'<li><a href="#{escape(room)}">{escape(room)}</a></li>' for room in rooms)
    return HTMLResponse(
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<title>两地账 · 接口说明</title><link rel="stylesheet" href="/static/liangdi.css">'
        f"</head><body><main><h1>两地账 · 接口说明</h1><p>{escape(told['info']['summary'])}</p>"
        '<p>完整描述：<a href="/api/v1/openapi.json">/api/v1/openapi.json</a>（OpenAPI 3.1）。'
        "每项办理须带 <code>Idempotency-Key</code>，对已有事项办理须带 <code>If-Match</code>；"
        '不能办理的原因见 <a href="/api/v1/rules">/api/v1/rules</a>。</p>'
        f"<nav><ul>{links}</ul></nav>{listed}</main></body></html>"
    )


def _route(told: Shape, method: str, path: str, route: Shape) -> str:
    asked = [_parameter(each) for each in route.get("parameters", [])]
    body = route.get("requestBody", {}).get("content", {}).get("application/json", {})
    asked += _body(told, body.get("schema", {}))
    rows = "".join(asked)
    table = (
        f"<table><thead><tr><th>名称</th><th>位置</th><th>必填</th><th>说明</th></tr></thead>"
        f"<tbody>{rows}</tbody></table>"
        if rows
        else "<p>无须参数。</p>"
    )
    return (
        f"<details><summary><code>{method.upper()} {escape(path)}</code> "
        f"{escape(route.get('summary', ''))}</summary>{table}</details>"
    )


def _parameter(each: Shape) -> str:
    schema = each.get("schema", {})
    told = each.get("description") or schema.get("description", "")
    return _row(each["name"], each["in"], each.get("required", False), told)


def _body(told: Shape, schema: Shape) -> list[str]:
    held = _resolved(told, schema)
    required = set(held.get("required", ()))
    return [
        _row(name, "body", name in required, each.get("description", ""))
        for name, each in held.get("properties", {}).items()
    ]


def _resolved(told: Shape, schema: Shape) -> Shape:
    name = schema.get("$ref", "").rpartition("/")[2]
    return told["components"]["schemas"].get(name, {}) if name else schema


def _row(name: str, where: str, required: bool, told: str) -> str:
    return (
        f"<tr><td><code>{escape(name)}</code></td><td>{where}</td>"
        f"<td>{'是' if required else ''}</td><td>{escape(told)}</td></tr>"
    )
