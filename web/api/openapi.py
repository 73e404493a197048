"""The description of the interface for programs (OpenAPI 3.1), made from what its routes declare; nothing by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Flask, Response, current_app
from werkzeug.routing import Rule

from web.api import answering
from web.api.describing import JSON, Operation, operation, operation_of
from web.api.reading import LONGEST_KEY
from web.api.schemas import Components, Schema, declared, or_null
from web.api.shapes import Problem
from web.policy import Policy, policy, policy_of
from web.problems import MEDIA_TYPE, ROOT

blueprint = Blueprint("api_description", __name__, url_prefix="/api/v1")
BASE = f"{ROOT}/v1"
_ARGUMENT = re.compile(r"<(?:[^:<>]+:)?(\w+)>")
_ARGUMENTS = {
    "number": "Number of a case, for example R8-0001.",
    "task_id": "Id of a task.",
    "key": "Key of a process.",
    "version": "Number of a version.",
}
_POLICIES = {
    Policy.PUBLIC: "For anybody.",
    Policy.SIGNED_IN: "For every member of staff.",
    Policy.CASE_WORK: "For roles that work on cases.",
}
_ABOUT = (
    "Casework as the pages have it: the same rules decide who sees and does what. A token acts for the person who made "
    "it. What is absent and what is not yours to know get the same answer. Refusals are problem documents (RFC 9457). "
    "See docs/api.md."
)


@blueprint.get("/openapi.json")
@policy("public")
@operation(Operation("getDescription", "This description", media=JSON))
def show() -> Response:
    """The description of all routes; it holds nothing of the installation's data."""
    return answering.json_answer(document(current_app))


def document(app: Flask) -> Schema:
    """The OpenAPI document of an application. Raises TypeError where a shape cannot be described."""
    components = Components()
    components.of(Problem)
    paths: dict[str, Schema] = {}
    for rule, method, declared_operation in routes(app):
        view = app.view_functions[rule.endpoint]
        described = _operation(rule, declared_operation, policy_of(view), view.__doc__ or "", components)
        paths.setdefault(path_of(rule), {})[method.lower()] = described
    return {
        "openapi": "3.1.1",
        "info": {"title": "Tsunagu", "version": "1", "summary": "Casework for programs", "description": _ABOUT},
        "servers": [{"url": BASE}],
        "security": [{"token": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(components.schemas.items())),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def routes(app: Flask) -> Iterator[tuple[Rule, str, Operation]]:
    """Every route of the interface with its method and declaration. Raises TypeError for one without a declaration."""
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith(f"{BASE}/"):
            continue
        found = operation_of(app.view_functions[rule.endpoint])
        if found is None:
            raise TypeError(f"{rule.rule} declares nothing: add @operation(...) under its policy")
        yield from ((rule, method, found) for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))


def path_of(rule: Rule) -> str:
    """The path of a route as a document writes it, below the server's address."""
    return _ARGUMENT.sub(r"{\1}", rule.rule.removeprefix(BASE))


def _operation(rule: Rule, stated: Operation, area: Policy | None, told: str, components: Components) -> Schema:
    described: Schema = {
        "operationId": stated.id,
        "summary": stated.summary,
        "description": f"{' '.join(told.split())} {_POLICIES[area] if area else ''}".strip(),
        "parameters": [*_path_parameters(rule), *_query_parameters(stated, components), *_key_parameters(stated)],
        "responses": _responses(rule, stated, area, components),
    }
    if stated.body is not None:
        described["requestBody"] = {"required": True, "content": {JSON: {"schema": components.of(stated.body)}}}
    if area is Policy.PUBLIC:
        described["security"] = []
    return described


def _path_parameters(rule: Rule) -> Iterator[Schema]:
    numbers = set(re.findall(r"<int[^:<>]*:(\w+)>", rule.rule))
    for name in _ARGUMENT.findall(rule.rule):
        schema: dict[str, Any] = {"type": "integer", "minimum": 0} if name in numbers else {"type": "string"}
        yield {"name": name, "in": "path", "required": True, "description": _ARGUMENTS[name], "schema": schema}


def _query_parameters(stated: Operation, components: Components) -> Iterator[Schema]:
    for member in declared(stated.query) if stated.query is not None else ():
        schema = components.of(or_null(member.kind)[0], member.note)
        told = schema.pop("description", "")
        default = getattr(member.default, "value", member.default)
        if default not in (None, ""):
            schema["default"] = default
        parameter = {"name": member.name, "in": "query", "required": not member.optional, "schema": schema}
        yield {**parameter, "description": told} if told else parameter


def _key_parameters(stated: Operation) -> Iterator[Schema]:
    if stated.acts:
        told = "Made anew for each act, for example a UUID. The same request sent again with it acts once."
        schema = {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY}
        yield {"name": "Idempotency-Key", "in": "header", "required": True, "description": told, "schema": schema}


def _responses(rule: Rule, stated: Operation, area: Policy | None, components: Components) -> Schema:
    if stated.answer is not None:
        content: Schema = {JSON: {"schema": components.of(stated.answer)}}
    else:
        content = {stated.media: {"schema": {"type": "object"} if stated.media == JSON else {"type": "string"}}}
    refusals = [*_refusals(rule, stated, area)]
    problem = {"content": {MEDIA_TYPE: {"schema": components.of(Problem)}}}
    return {
        "200": {"description": stated.summary, "content": content},
        **{str(status): {"description": HTTPStatus(status).phrase, **problem} for status in sorted(refusals)},
        "default": {"description": "Any other refusal or fault", **problem},
    }


def _refusals(rule: Rule, stated: Operation, area: Policy | None) -> Iterator[int]:
    if area is not Policy.PUBLIC:
        yield from (401, 403)
    if rule.arguments:
        yield 404
    if stated.acts:
        yield from (400, 409)
    if stated.body is not None:
        yield from {400, 413, 415} - ({400} if stated.acts else set())
    if stated.query is not None or stated.body is not None or stated.acts:
        yield 422
