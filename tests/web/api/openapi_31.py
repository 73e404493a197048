"""What an OpenAPI 3.1 document may hold, as a JSON Schema: the objects that our description uses, and no others.

After the specification's text (version 3.1.1, sections 4.8.1 to 4.8.27); a member that is not named here is refused, so
a new kind of object in the description asks for its rules here first.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]
_TEXT: Schema = {"type": "string", "minLength": 1}
_METHODS = ("get", "put", "post", "delete", "patch")


def _object(needed: tuple[str, ...] = (), /, **members: Schema) -> Schema:
    return {"type": "object", "properties": members, "required": list(needed), "additionalProperties": False}


def _map(values: Schema, pattern: str = ".") -> Schema:
    return {"type": "object", "patternProperties": {pattern: values}, "additionalProperties": False}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


_SCHEMA: Schema = {"$ref": "https://json-schema.org/draft/2020-12/schema"}
_CONTENT = _map(_ref("media_type"), r"^[a-z]+/[a-z0-9.+-]+$")
DOCUMENT: Schema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    **_object(
        ("openapi", "info", "paths"),
        openapi={"type": "string", "pattern": r"^3\.1\.\d+$"},
        info=_ref("info"),
        servers={"type": "array", "items": _object(("url",), url=_TEXT, description=_TEXT)},
        paths=_map(_ref("path_item"), "^/"),
        components=_ref("components"),
        security={"type": "array", "items": _ref("requirement")},
    ),
    "$defs": {
        "info": _object(("title", "version"), title=_TEXT, version=_TEXT, summary=_TEXT, description=_TEXT),
        "path_item": _object(**{method: _ref("operation") for method in _METHODS}),
        "operation": _object(
            ("operationId", "responses"),
            operationId={"type": "string", "pattern": "^[a-z][A-Za-z]+$"},
            summary=_TEXT,
            description=_TEXT,
            parameters={"type": "array", "items": _ref("parameter")},
            requestBody=_object(("content",), required={"type": "boolean"}, description=_TEXT, content=_CONTENT),
            responses={**_map(_ref("response"), r"^([1-5]\d\d|default)$"), "minProperties": 1},
            security={"type": "array", "items": _ref("requirement")},
        ),
        "parameter": {
            **_object(
                ("name", "in", "schema"),
                **{"name": _TEXT, "in": {"enum": ["query", "header", "path", "cookie"]}, "description": _TEXT},
                required={"type": "boolean"},
                schema=_SCHEMA,
            ),
            "if": {"properties": {"in": {"const": "path"}}},
            "then": {"properties": {"required": {"const": True}}, "required": ["required"]},
        },
        "response": _object(("description",), description=_TEXT, content=_CONTENT),
        "media_type": _object((), schema=_SCHEMA),
        "components": _object(
            schemas=_map(_SCHEMA, "^[A-Za-z0-9._-]+$"),
            securitySchemes=_map(_object(("type", "scheme"), type={"const": "http"}, scheme={"const": "bearer"})),
        ),
        "requirement": _map({"type": "array", "items": {"type": "string"}}),
    },
}
