"""A program that talks to the office: every answer it gets is held against the description of the interface."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from jsonschema import Draft202012Validator
from werkzeug.test import TestResponse

from engine.services.api_tokens import PREFIX
from engine.storage import api_tokens
from engine.storage.sql import new_id
from tests.web.site import Site
from web.api import openapi

PROBLEM = "urn:tsunagu:problem:"


def a_token(site: Site, login: str, days: int = 90) -> str:
    """A token of a person, as the page makes it but for the password."""
    token = PREFIX + secrets.token_urlsafe(32)
    row = {
        "id": new_id(), "staff_id": site.office.staff[login], "form_key": secrets.token_hex(16), "name": "試験（架空）",
        "token_hash": hashlib.sha256(token.encode()).hexdigest(), "created_at": site.clock.moment,
        "expires_at": site.clock.moment + timedelta(days=days),
    }  # fmt: skip
    with site.office.engine.database.write() as connection:
        api_tokens.add(connection, row)
    return token


@dataclass(frozen=True)
class Answer:
    """What came back. ``body`` is None for what is no JSON."""

    status: int
    body: Any
    response: TestResponse

    @property
    def code(self) -> str:
        """The word of a problem; empty for an answer that is none."""
        kind = self.body.get("type", "") if isinstance(self.body, dict) and self.status >= 400 else ""
        return str(kind).removeprefix(PROBLEM)


@dataclass
class Program:
    """A client with a token (or none). ``seen``: the operations and statuses whose answers were checked."""

    site: Site
    token: str = ""
    language: str = ""
    seen: set[tuple[str, int]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.client = self.site.app.test_client()
        self.description = Description(openapi.document(self.site.app))

    @classmethod
    def of(cls, site: Site, login: str) -> Program:
        """The program of a person."""
        return cls(site, a_token(site, login))

    def get(self, path: str, **headers: str) -> Answer:
        """Read; the path below ``/api/v1``."""
        return self._checked("get", path, self.client.get("/api/v1" + path, headers=self._headers(headers)))

    def post(self, path: str, body: Any = None, *, key: str | None = "", raw: bytes | None = None,
             kind: str = "application/json", **headers: str) -> Answer:  # fmt: skip
        """Send a body with a fresh key; key None: without one."""
        content = raw if raw is not None else (b"" if body is None else json.dumps(body).encode())
        sent = self._headers(headers)
        if key is not None:
            sent["Idempotency-Key"] = key or secrets.token_hex(8)
        response = self.client.post("/api/v1" + path, data=content, content_type=kind, headers=sent)
        return self._checked("post", path, response)

    def _headers(self, headers: dict[str, str]) -> dict[str, str]:
        found = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            found.setdefault("Authorization", f"Bearer {self.token}")
        if self.language:
            found["Accept-Language"] = self.language
        return found

    def _checked(self, method: str, path: str, response: TestResponse) -> Answer:
        body = json.loads(response.get_data()) if "json" in (response.mimetype or "") else None
        name = self.description.check(method, path.split("?")[0], response.status_code, response.mimetype or "", body)
        self.seen.add((name, response.status_code))
        return Answer(response.status_code, body, response)


class Description:
    """The document, and whether an answer is as it says. Strict: an answer has no member that is not described."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self._components = deepcopy(document["components"])
        for schema in self._components["schemas"].values():
            schema["additionalProperties"] = False

    def check(self, method: str, path: str, status: int, media: str, body: Any) -> str:
        """Fail unless the answer is described; returns the operation's id, empty for an address that there is not."""
        operation = self._operation(method, path)
        if operation is None:
            assert status in (404, 405), f"{method} {path} is not described"
            assert media == "application/problem+json"
            self._matches({"$ref": "#/components/schemas/Problem"}, body)
            return ""
        answers = operation["responses"]
        described = answers.get(str(status), answers["default"])["content"]
        assert media in described, f"{operation['operationId']} {status}: {media}"
        if body is not None:
            self._matches(described[media]["schema"], body)
        return str(operation["operationId"])

    def _operation(self, method: str, path: str) -> Any:
        templates = sorted(self.document["paths"], key=lambda template: "{" in template)
        for template in templates:
            if re.fullmatch(re.sub(r"\\\{\w+\\\}", r"[^/]+", re.escape(template)), path):
                found = self.document["paths"][template].get(method)
                if found is not None:
                    return found
        return None

    def _matches(self, schema: dict[str, Any], body: Any) -> None:
        faults = Draft202012Validator({**schema, "components": self._components}).iter_errors(body)
        assert [f"{'/'.join(map(str, fault.absolute_path))}: {fault.message}" for fault in faults] == []
