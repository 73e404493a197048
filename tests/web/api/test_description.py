"""The description of the interface: whole, valid, and made from the routes themselves."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from engine.domain import errors
from tests.web.api.client import Program
from tests.web.api.openapi_31 import DOCUMENT
from tests.web.site import Site
from web import problems
from web.api import openapi, schemas
from web.api.describing import operation_of
from web.errors import ERROR_PAGES
from web.policy import policy_of

GUIDE = Path(__file__).parents[3] / "docs" / "api.md"


def test_every_route_below_api_has_an_operation_and_a_policy(office: Site) -> None:
    described = openapi.document(office.app)["paths"]
    found = [rule for rule in office.app.url_map.iter_rules() if rule.rule.startswith("/api/")]
    assert len(found) > 10
    for rule in found:
        view = office.app.view_functions[rule.endpoint]
        stated = operation_of(view)
        assert stated is not None, f"{rule.rule} declares no @operation"
        assert policy_of(view) is not None, rule.rule
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            assert described[openapi.path_of(rule)][method.lower()]["operationId"] == stated.id


def test_a_route_without_a_declaration_is_refused(site: Site) -> None:
    site.app.add_url_rule("/api/v1/undeclared", "undeclared", lambda: "secret")
    with pytest.raises(TypeError, match=r"@operation"):
        openapi.document(site.app)


def test_the_document_is_valid_openapi_31(office: Site) -> None:
    document = openapi.document(office.app)
    faults = [fault.message for fault in Draft202012Validator(DOCUMENT).iter_errors(document)]
    assert faults == []
    text = json.dumps(document)
    assert set(re.findall(r'"#/components/schemas/(\w+)"', text)) == set(document["components"]["schemas"])
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_operations_have_names_of_their_own_and_all_parameters_of_their_paths(office: Site) -> None:
    document = openapi.document(office.app)
    operations = [(path, one) for path, item in document["paths"].items() for one in item.values()]
    names = [one["operationId"] for _, one in operations]
    assert sorted(set(names)) == sorted(names)
    for path, one in operations:
        stated = {parameter["name"] for parameter in one["parameters"] if parameter["in"] == "path"}
        assert stated == set(re.findall(r"{(\w+)}", path)), path


def test_what_acts_asks_for_a_key_and_says_when_it_refuses(office: Site) -> None:
    paths = openapi.document(office.app)["paths"]
    for act in ("claim", "release", "complete"):
        one = paths[f"/tasks/{{task_id}}/{act}"]["post"]
        assert [p["required"] for p in one["parameters"] if p["name"] == "Idempotency-Key"] == [True]
        assert {"400", "401", "403", "404", "409", "422"} <= set(one["responses"])


def test_anybody_may_read_the_description(office: Site) -> None:
    answer = Program(office).get("/openapi.json")
    assert answer.status == 200
    assert answer.body == openapi.document(office.app)


def test_the_guide_explains_every_operation_and_every_word_of_a_refusal(office: Site) -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    paths = openapi.document(office.app)["paths"]
    assert [path for path in paths if f"`{path}`" not in guide] == []
    words = {kind.code for kind in ERROR_PAGES if issubclass(kind, (errors.EngineError, problems.Refusal))}
    words |= {"bad_request", "method_not_allowed", "too_large", "unsupported_media_type", "failed"}
    assert sorted(word for word in words if f"`{word}`" not in guide) == []


def test_a_type_that_cannot_be_described_is_refused() -> None:
    with pytest.raises(TypeError, match="cannot be described"):
        schemas.Components().of(set[str])
    with pytest.raises(TypeError, match="one type or None"):
        schemas.Components().of(int | str)
