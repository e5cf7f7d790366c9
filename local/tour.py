"""What `make run` shows once everything runs: two questions answered, and where to go next."""

import httpx

from kit.auth.caller import Role
from local.demo import Answer, Question, ask_by_grpc, ask_by_rest
from local.sample_course import import_sample
from local.screen import Screen
from local.settings import DEMO_USER
from local.stack import Stack

_BY_REST = "What is the difference between a transverse and a longitudinal wave?"
_BY_GRPC = "Does the material travel along with the wave?"


class Tour:
    """Shows a running stack to the person at the terminal."""

    def __init__(self, stack: Stack, screen: Screen) -> None:
        self._stack = stack
        self._screen = screen
        self._token = stack.token(DEMO_USER)

    async def show(self) -> None:
        """Import the sample course, ask by both protocols, print where everything is."""
        async with self._client(self._stack.token("sample-teacher", Role.TEACHER)) as teacher:
            sample = await import_sample(teacher)
        if sample.added:
            self._screen.line(f"Imported {sample.added} videos of the sample course ({sample.course}).")
        async with self._client(self._token) as student:
            question = Question(sample.course, sample.video_url, _BY_REST)
            self._print("REST", question, await ask_by_rest(student, question))
        question = Question(sample.course, sample.video_url, _BY_GRPC)
        self._print("gRPC", question, await ask_by_grpc(self._stack.target, self._token, question))
        self._addresses()

    def _client(self, token: str) -> httpx.AsyncClient:
        headers = {"authorization": f"Bearer {token}"}
        return httpx.AsyncClient(base_url=self._stack.base_url, headers=headers, timeout=60, trust_env=False)

    def _print(self, protocol: str, question: Question, answer: Answer) -> None:
        self._screen.line()
        self._screen.line(f"{protocol} asks: {question.text}")
        self._screen.line(f"  {answer.text.strip()}")
        if answer.degraded:
            self._screen.advice("No model answered; these are the passages themselves.")
        if answer.cut:
            self._screen.advice("The answer was cut at its limit.")
        if answer.unfounded:
            self._screen.advice(f"{answer.unfounded} of {answer.statements} statements were not found in the course.")
        if any(citation.support == "RELATED" for citation in answer.citations):
            self._screen.line("  The answer cites nothing; related passages are:")
        for citation in answer.citations:
            minutes, seconds = divmod(int(citation.seconds), 60)
            self._screen.line(f"  [{minutes}:{seconds:02}] {citation.quote}")

    def _addresses(self) -> None:
        base = self._stack.base_url
        if self._stack.settings.uses_own_model:
            self._screen.line()
            self._screen.advice("These answers come from a tiny demo model and are often wrong: trust the citations.")
        self._screen.line()
        for what, path in (
            ("Playground", "/"),
            ("Console", "/console"),
            ("API", "/docs"),
            ("Queues", "/admin/queues"),
            ("Health", "/v1/health"),
            ("REST and gRPC", ""),
        ):
            self._screen.line(f"{what:<14} {base}{path}")
        self._screen.line(f"{'Logs':<14} {self._stack.settings.data / 'logs'}")
        self._screen.line(f"{'Token':<14} {self._token}")
