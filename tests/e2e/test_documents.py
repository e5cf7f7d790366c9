"""A PDF through the edge: uploaded as a form, watched until it was read, found by its words, on its page."""

import httpx
import orjson
import pytest

from kit.auth.caller import Role
from tests.e2e.conftest import System
from tests.pdfs import a_pdf

PAGES = ["Springs swing about their place of rest.", "The glass harmonica sings because wet fingers stick and slip."]
ENDED = {"SUCCEEDED", "FAILED", "CANCELLED"}


async def last_of(client: httpx.AsyncClient, job: str) -> dict[str, object]:
    """The job as its watchers see it last."""
    async with client.stream("GET", f"/v1/{job}:watch") as events:
        async for line in events.aiter_lines():
            if line.startswith("data:"):
                event = orjson.loads(line.removeprefix("data:"))
                found: dict[str, object] = event.get("job", event)
                if found.get("state") in ENDED:
                    return found
    raise AssertionError("the watch ended before the job did")


@pytest.mark.timeout(180)
async def test_an_uploaded_document_is_read_and_found(system: System) -> None:
    async with system.client("teacher", Role.TEACHER) as client:
        form = {"files": ("harmonica.pdf", a_pdf(PAGES), "application/pdf")}
        taken = (await client.post("/v1/documents", files=form, data={"courseTitle": "Instruments"})).json()
        job = await last_of(client, taken["jobs"][0]["name"])
        assert job["state"] == "SUCCEEDED", job
        documents = (await client.get(f"/v1/{taken['course']}/documents")).json()["documents"]
        assert [(each["state"], each["pageCount"]) for each in documents] == [("READY", 2)]
        query = {"query": "wet fingers"}
        (found, *_) = (await client.get(f"/v1/{taken['course']}/passages:search", params=query)).json()["passages"]
        assert (found["document"], found["title"]) == (documents[0]["name"], "harmonica")
        assert found["page"] in (1, 2)
        assert (await client.delete(f"/v1/{documents[0]['name']}")).status_code == 200
