"""The command `lectern` against the whole stack, as a person and as a script use it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kit.auth.caller import Role
from lectern_client.cli.commands import lectern
from tests.e2e.conftest import System
from tests.pdfs import a_pdf

QUESTION = ("What", "does a wave carry?")


class Terminal:
    """Runs the command as one user."""

    def __init__(self, system: System, user: str, role: Role = Role.STUDENT) -> None:
        self._environment = {"LECTERN_URL": system.base_url, "LECTERN_TOKEN": system.token(user, role)}

    def run(self, *words: str, typed: str = "", **environment: str) -> Result:
        return CliRunner(env=self._environment | environment).invoke(lectern, words, input=typed)

    def lines(self, *words: str) -> list[dict[str, object]]:
        """What it prints as JSON."""
        done = self.run(*words, "--json")
        assert done.exit_code == 0, done.output
        return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def student(system: System, request: pytest.FixtureRequest) -> Terminal:
    return Terminal(system, request.node.name)


def test_a_question_is_answered_with_the_seconds_of_its_sources(system: System, student: Terminal) -> None:
    done = student.run("ask", system.sample.course, *QUESTION, "--video", system.sample.video_url, "--at", "0:30")
    assert done.exit_code == 0, done.output
    assert f"{system.sample.video_url}#t=" in done.stdout
    (thread,) = student.lines("threads", "list")
    assert thread["messageCount"] == 2
    shown = student.run("threads", "show", str(thread["name"])).stdout
    assert "What does a wave carry?" in shown
    assert done.stdout.split("\n")[0] in shown


def test_scripts_read_the_events_of_the_api(system: System, student: Terminal) -> None:
    events = student.lines("ask", system.sample.course, *QUESTION)
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    assert list(events[-1]) == ["sequence", "completed"]


def test_a_conversation_ends_with_its_input(system: System, student: Terminal) -> None:
    done = student.run("chat", system.sample.course, typed="What is pitch?\n\n")
    assert done.exit_code == 0, done.output
    (thread,) = student.lines("threads", "list")
    assert [message["role"] for message in student.lines("threads", "show", str(thread["name"]))] == [
        "USER",
        "ASSISTANT",
    ]


def test_a_report_is_waited_for_and_its_job_listed(system: System, student: Terminal) -> None:
    student.lines("ask", system.sample.course, *QUESTION)
    (thread,) = student.lines("threads", "list")
    *jobs, report = student.lines("threads", "report", str(thread["name"]))
    assert jobs[-1]["state"] == "SUCCEEDED"
    assert report["markdown"]
    assert jobs[-1]["name"] in {job["name"] for job in student.lines("jobs", "list", "--state", "succeeded")}
    assert student.run("jobs", "show", str(jobs[-1]["name"])).exit_code == 0


def test_a_teacher_imports_a_folder_of_captions(system: System, tmp_path: Path) -> None:
    teacher = Terminal(system, "tess", Role.TEACHER)
    files = [tmp_path / f"lesson-{number}.vtt" for number in (1, 2)]
    for file in files:
        file.write_text("WEBVTT\n\n00:01.000 --> 00:04.000\nA lens bends light.\n")
    words = (
        "import",
        "lenses",
        *map(str, files),
        "--create",
        "Lenses",
        "--video-url",
        "https://v.example.org/{stem}.mp4",
    )
    done = teacher.run(*words)
    assert done.exit_code == 0, done.output
    assert "lesson-2.vtt: 1 cues, 1 passages" in done.stdout
    assert ["courses/lenses", 2] in [[course["name"], course["videoCount"]] for course in teacher.lines("courses")]


def test_a_teacher_uploads_a_document(system: System, tmp_path: Path) -> None:
    teacher = Terminal(system, "tess", Role.TEACHER)
    (tmp_path / "lenses.pdf").write_bytes(a_pdf(["A lens bends light toward the thicker part of its glass."]))
    done = teacher.run("upload", str(tmp_path / "lenses.pdf"), "--course", system.sample.course)
    assert done.exit_code == 0, done.output
    assert f"{system.sample.course}: 1 documents" in done.stdout
    assert "SUCCEEDED" in done.stdout
    assert teacher.run("upload", str(tmp_path / "lenses.pdf")).exit_code == 2
    (tmp_path / "notes.pdf").write_text("These are notes.")
    refused = teacher.run("upload", str(tmp_path / "notes.pdf"), "--course", system.sample.course)
    assert (refused.exit_code, "notes.pdf is not a PDF" in refused.stderr) == (1, True)


def test_failures_have_a_sentence_and_a_code(system: System, student: Terminal) -> None:
    missing = student.run("ask", "none", *QUESTION)
    assert (missing.exit_code, missing.stdout) == (4, "")
    assert "COURSE_NOT_FOUND · request " in missing.stderr
    stranger = student.run("threads", "list", LECTERN_TOKEN="")
    assert (stranger.exit_code, "make -s token" in stranger.stderr) == (3, True)
    unreachable = student.run("courses", LECTERN_URL="http://127.0.0.1:1")
    assert (unreachable.exit_code, "Is Lectern running at http://127.0.0.1:1?" in unreachable.stderr) == (5, True)
    assert student.run("ask", system.sample.course, "Why?", "--at", "soon").exit_code == 2


def test_anybody_sees_how_it_is_and_what_was_used(student: Terminal) -> None:
    assert "gateway" not in student.run("usage").stderr
    assert "inference" in student.run("health").stdout
