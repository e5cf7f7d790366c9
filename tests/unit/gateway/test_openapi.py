"""The document of the API: valid, whole, and true to the contract."""

from pathlib import Path
from typing import Any

import pytest
from google.api import annotations_pb2
from openapi_spec_validator import OpenAPIV31SpecValidator

from services.gateway.legacy import description as legacy
from services.gateway.openai import description as openai
from services.gateway.openapi.contract import read_contract
from services.gateway.openapi.document import document
from services.gateway.openapi.pages import docs_routes
from services.gateway.openapi.paths import path_of


@pytest.fixture(scope="module")
def api() -> dict[str, Any]:
    return document(read_contract(), (openai.fragment(), legacy.fragment()))


def _operations(api: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, each)
        for path, methods in api["paths"].items()
        for method, each in methods.items()
        if method != "parameters"
    ]


def test_the_document_is_valid(api: dict[str, Any]) -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(api).iter_errors()] == []


def test_every_operation_is_described_and_may_fail(api: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, _, operation in _operations(api)]
    assert len(names) == len(set(names))
    for path, method, operation in _operations(api):
        assert operation["summary"], (path, method)
        assert {"200", "404", "429", "500", "503"} <= set(operation["responses"]), (path, method)


def test_every_http_rule_of_the_contract_is_there(api: dict[str, Any]) -> None:

    rules = [
        method.options.Extensions[annotations_pb2.http]
        for service in read_contract().services.values()
        for method in service.method
    ]
    paths = [path_of(rule) for rule in rules if rule.WhichOneof("pattern")]
    assert len(paths) > 30
    for path in paths:
        assert path.method in api["paths"][path.template]


def test_names_become_parameters(api: dict[str, Any]) -> None:
    operation = api["paths"]["/v1/threads/{thread}/turns/{turn}:stream"]["get"]
    assert [(each["name"], each["in"]) for each in operation["parameters"]] == [
        ("thread", "path"),
        ("turn", "path"),
        ("afterSequence", "query"),
    ]
    assert "text/event-stream" in operation["responses"]["200"]["content"]


def test_comments_and_behaviours_come_along(api: dict[str, Any]) -> None:
    course = api["components"]["schemas"]["context.Course"]
    assert course["properties"]["title"]["description"] == "The title, at most 200 characters."
    assert course["properties"]["createTime"]["readOnly"] is True
    body = api["paths"]["/v1/courses/{course}/videos:import"]["post"]["requestBody"]
    assert "videoUrl" in body["content"]["application/json"]["schema"]["required"]
    assert api["paths"]["/v1/health"]["get"]["security"] == []
    assert "For admins." in api["paths"]["/v1/stats"]["get"]["description"]


def test_the_viewer_comes_with_the_packages(tmp_path: Path) -> None:
    mount = docs_routes(tmp_path, ())[-1]
    found = mount.app.lookup_path("swagger-ui-bundle.js")  # type: ignore[attr-defined]
    assert found[1] is not None
