"""Brings the sample course into an empty stack, through the public API."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

_FOLDER = Path(__file__).with_name("sample")


@dataclass(frozen=True)
class Imported:
    """The course that is there now, and how many of its videos were added by this import."""

    course: str
    video_url: str
    added: int


async def import_sample(client: httpx.AsyncClient, folder: Path = _FOLDER) -> Imported:
    """Create what is missing of the sample course; `client` carries a teacher's token. May be repeated."""
    sample = json.loads((folder / "course.json").read_text())
    name = f"courses/{sample['courseId']}"
    await _create_course(client, name, sample)
    present = {video["videoUrl"] for video in await _videos(client, name)}
    missing = [video for video in sample["videos"] if video["videoUrl"] not in present]
    for video in missing:
        await _import_video(client, name, video, (folder / video["file"]).read_text())
    return Imported(name, sample["videos"][0]["videoUrl"], len(missing))


async def _create_course(client: httpx.AsyncClient, name: str, sample: dict[str, Any]) -> None:
    if (await client.get(f"/v1/{name}")).status_code == httpx.codes.OK:
        return
    body = {"title": sample["title"], "description": sample["description"]}
    answer = await client.post("/v1/courses", params={"courseId": sample["courseId"]}, json=body)
    if answer.status_code != httpx.codes.CONFLICT:  # another start of the stack was faster
        answer.raise_for_status()


async def _videos(client: httpx.AsyncClient, name: str) -> list[dict[str, Any]]:
    videos: list[dict[str, Any]] = []
    page = ""
    while True:
        answer = await client.get(f"/v1/{name}/videos", params={"pageToken": page})
        answer.raise_for_status()
        videos += answer.json().get("videos", [])
        page = answer.json().get("nextPageToken", "")
        if not page:
            return videos


async def _import_video(client: httpx.AsyncClient, course: str, video: dict[str, Any], transcript: str) -> None:
    body = {"videoUrl": video["videoUrl"], "title": video["title"], "format": "VTT", "transcript": transcript}
    (await client.post(f"/v1/{course}/videos:import", json=body)).raise_for_status()
