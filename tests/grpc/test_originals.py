"""Documents as they were uploaded, over HTTP: to those who see their course, and as strangers on our origin."""

import uuid
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from kit.auth.caller import Caller
from kit.auth.sessions import COOKIE
from tests.office import a_docx
from tests.pdfs import a_pdf
from tests.system import STUDENT, TEACHER, System, make_course, whole_system

pytestmark = pytest.mark.asyncio(loop_scope="module")
EVIL = b"<!doctype html><html><body><script>document.cookie</script><h1>Waves</h1></body></html>"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def system(redis_url: str, mongodb_uri: str) -> AsyncIterator[System]:
    async with whole_system(redis_url, mongodb_uri, jobs_database=f"jobs_{uuid.uuid4().hex[:8]}") as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def client(system: System) -> AsyncIterator[httpx.AsyncClient]:
    base = f"http://127.0.0.1:{system.ports['http']}"
    async with httpx.AsyncClient(base_url=base, trust_env=False, timeout=60) as made:
        yield made


def bearer(system: System, caller: Caller) -> dict[str, str]:
    return {"authorization": f"Bearer {system.token(caller)}"}


async def uploaded(system: System, client: httpx.AsyncClient, name: str, content: bytes) -> str:
    """The address of its original."""
    course = await make_course(system, [])
    files = {"files": (name, content)}
    answer = await client.post(f"/v1/{course}/documents", files=files, headers=bearer(system, TEACHER))
    assert answer.status_code == 200, answer.text
    return f"/v1/{answer.json()['documents'][0]['name']}/original"


@pytest.mark.parametrize(
    ("name", "content", "kind", "how", "sandboxed"),
    [
        ('Wäves "1".pdf', a_pdf(["Waves."]), "application/pdf", "inline", False),
        ("waves.html", EVIL, "text/html", "inline", True),
        ("waves.md", "# Wäves".encode(), "text/markdown; charset=utf-8", "inline", True),
        (
            "waves.docx",
            a_docx([("Waves", "carry energy")]),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "attachment",
            True,
        ),
    ],
)
async def test_an_original_is_what_was_uploaded_and_can_run_nothing(
    system: System, client: httpx.AsyncClient, name: str, content: bytes, kind: str, how: str, sandboxed: bool
) -> None:
    path = await uploaded(system, client, name, content)

    answer = await client.get(path, headers=bearer(system, STUDENT))

    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["content-type"] == kind
    assert answer.headers["content-length"] == str(len(content))
    assert answer.headers["x-content-type-options"] == "nosniff"
    policy = answer.headers["content-security-policy"].split("; ")
    assert "default-src 'none'" in policy
    assert ("sandbox" in policy) is sandboxed
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith(f"{how}; filename=")
    assert disposition.isascii()
    assert disposition.count('"') == 2

    same = await client.get(path, headers={**bearer(system, STUDENT), "if-none-match": answer.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    head = await client.head(path, headers=bearer(system, STUDENT))
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(content)))


async def test_a_link_of_a_page_brings_its_session(system: System, client: httpx.AsyncClient) -> None:
    path = await uploaded(system, client, "waves.pdf", a_pdf(["Waves."]))
    answer = await client.get(path, headers={"cookie": f"{COOKIE}={system.token(STUDENT)}"})
    assert answer.status_code == 200


async def test_an_original_is_for_those_who_see_its_course(system: System, client: httpx.AsyncClient) -> None:
    path = await uploaded(system, client, "waves.pdf", a_pdf(["Waves."]))
    assert (await client.get(path)).status_code == 401
    assert (await client.get(path, headers={"cookie": f"{COOKIE}=forged"})).status_code == 401
    assert (await client.get(path, headers=bearer(system, Caller("another", "ben")))).status_code == 404
    gone = path.replace("/documents/", "/documents/0")
    refused = await client.get(gone, headers=bearer(system, STUDENT))
    assert (refused.status_code, refused.json()["details"][0]["reason"]) == (404, "NOT_FOUND")
