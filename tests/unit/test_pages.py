"""The page's modules, run in a real browser without a server behind them."""

from collections.abc import AsyncIterator, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Error, Page

from tests.browser import opened_page

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

PAGES = Path(__file__).parents[2] / "services" / "gateway" / "pages"

RENDER = """async (text) => {
  const { MarkdownView } = await import("/markdown.js");
  const target = document.createElement("div");
  const chip = (number) => Object.assign(document.createElement("button"), { textContent: `to ${number}` });
  const view = new MarkdownView(target, (number) => number <= 2 ? chip(number) : null);
  for (let end = 1; end <= text.length; end++) view.show(text.slice(0, end));
  return target.innerHTML;
}"""

# Plays connections as scripts: each is a list of events, and one without an ending breaks off after its last.
FOLLOW = """async ({ connections, turn, ended }) => {
  const { TurnReader } = await import("/turns.js");
  const { Refusal } = await import("/failures.js");
  const calls = [];
  const next = () => {
    const events = connections.shift();
    if (!Array.isArray(events)) throw new Refusal(events.status, events);
    const lines = events.map((event) => `data: ${JSON.stringify(event)}\\n\\n`).join("");
    return new Response(lines, { headers: { "x-request-id": "r-1" } });
  };
  const api = {
    ask: async ({ requestId }) => { calls.push(`ask ${requestId}`); return next(); },
    resume: async (name, sequence) => { calls.push(`resume ${name} after ${sequence}`); return next(); },
    turn: async () => ended,
  };
  const reader = new TurnReader(api, { question: { requestId: "q-1" }, turn });
  const seen = [];
  for await (const event of reader.events(new AbortController().signal)) seen.push(event);
  const events = seen.filter((event) => !event.reconnecting);
  return { calls, seen: events, breaks: seen.length - events.length };
}"""

STARTED = {"sequence": 1, "started": {"turn": "threads/t/turns/u", "thread": "threads/t"}}
DONE = {"sequence": 4, "completed": {"turn": {"name": "threads/t/turns/u", "answer": "A wave."}}}


def delta(sequence: int, text: str) -> dict[str, Any]:
    return {"sequence": sequence, "delta": {"text": text}}


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the name is the base class's)
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(PAGES)))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def page(address: str) -> AsyncIterator[Page]:
    async with opened_page() as page:
        await page.goto(f"{address}/dom.js")  # any document of the same origin may import the modules
        yield page


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("One\ntwo.\n\nThree.", "<p>One two.</p><p>Three.</p>"),
        ("- a\n- **b**\n  c", "<ul><li>a</li><li><strong>b</strong> c</li></ul>"),
        ("> so\n> be it\n\nYes", "<blockquote>so be it</blockquote><p>Yes</p>"),
        ("3. a\n4. b", '<ol start="3"><li>a</li><li>b</li></ol>'),
        ("2*3*4 is *so*", "<p>2*3*4 is <em>so</em></p>"),
        ("```\na < b\n```\nend", "<pre><code>a &lt; b</code></pre><p>end</p>"),
        ("Yes [1, 2], no [3].", "<p>Yes <button>to 1</button><button>to 2</button>, no [3].</p>"),
        ("<img src=x onerror=alert(1)>", "<p>&lt;img src=x onerror=alert(1)&gt;</p>"),
        ("**<b>** `<i>`", "<p><strong>&lt;b&gt;</strong> <code>&lt;i&gt;</code></p>"),
    ],
)
async def test_a_streaming_answer_becomes_light_markdown_and_never_html(page: Page, text: str, html: str) -> None:
    assert await page.evaluate(RENDER, text) == html


async def test_a_broken_stream_is_resumed_after_the_last_event_and_nothing_is_seen_twice(page: Page) -> None:
    connections = [
        [STARTED, delta(2, "A ")],
        [{"sequence": 2, "heartbeat": {}}, delta(2, "A "), delta(3, "wave."), DONE],
    ]
    followed = await page.evaluate(FOLLOW, {"connections": connections})
    assert followed["seen"] == [STARTED, delta(2, "A "), delta(3, "wave."), DONE]
    assert followed["calls"] == ["ask q-1", "resume threads/t/turns/u after 2"]
    assert followed["breaks"] == 1


async def test_a_stream_that_breaks_before_its_turn_is_known_is_asked_for_again_by_the_same_id(page: Page) -> None:
    followed = await page.evaluate(FOLLOW, {"connections": [{"status": 503}, [], [STARTED, DONE]]})
    assert followed["calls"] == ["ask q-1"] * 3
    assert followed["seen"] == [STARTED, DONE]


async def test_a_turn_whose_events_are_gone_is_read_as_a_whole(page: Page) -> None:
    turn = {"name": "threads/t/turns/u", "state": "COMPLETED", "answer": "A wave."}
    script = {"connections": [{"status": 404, "reason": "EVENTS_EXPIRED"}], "turn": turn["name"], "ended": turn}
    followed = await page.evaluate(FOLLOW, script)
    assert followed["seen"] == [{"completed": {"turn": turn}}]


async def test_a_refusal_that_waiting_does_not_cure_is_not_repeated(page: Page) -> None:
    with pytest.raises(Error, match="no such course"):
        await page.evaluate(FOLLOW, {"connections": [{"status": 404, "message": "no such course"}]})


@pytest.mark.parametrize(
    ("url", "playable"),
    [
        ("https://media.lectures.edu/a.mp4", True),
        ("https://videos.example.org/a.mp4", False),
        ("https://www.youtube.com/watch?v=abc", False),
        ("javascript:alert(1).mp4", False),
    ],
)
async def test_only_the_address_of_a_real_file_becomes_a_video(page: Page, url: str, playable: bool) -> None:
    played = await page.evaluate("async (url) => (await import('/players.js')).isPlayable(url)", url)
    assert played is playable


MARK = """async ({ text, sentences }) => {
  const { Exchange } = await import("/exchange.js");
  const exchange = new Exchange("What is a wave?", { onjump: () => {} });
  document.body.append(exchange.node);
  const citations = [{ index: 1, quote: "q", videoUrl: "v", startOffset: "3s" }];
  exchange.complete({ answer: text, citations, sentences });
  const marked = [...CSS.highlights.entries()].map(([name, ranges]) => [name, [...ranges].map(String)]);
  const list = exchange.node.querySelector("details.support");
  const summary = list.querySelector("summary").textContent;
  return { marked: Object.fromEntries(marked), summary, told: list.querySelectorAll("li").length };
}"""


async def test_what_the_course_does_not_say_is_marked_where_it_stands(page: Page) -> None:
    text = "**A wave** moves [1]. It is made of `cheese` [1].\n\n- A wave moves [1]. It sings."
    sentences = [
        {"sentence": "A wave** moves [1].", "start": 2, "support": "SUPPORTED"},
        {"sentence": "It is made of `cheese` [1].", "start": 22, "support": "NOT_FOUND"},
        {"sentence": "A wave moves [1].", "start": 53, "support": "NOT_FOUND"},
        {"sentence": "It sings.", "start": 71, "support": "PARTLY"},
    ]
    shown = await page.evaluate(MARK, {"text": text, "sentences": sentences})
    assert shown["marked"]["support-not_found"] == ["It is made of cheese 00:03.", "A wave moves 00:03."]
    assert shown["marked"]["support-partly"] == ["It sings."]
    assert shown["summary"] == "1 of 4 statements found in the course"
    assert shown["told"] == 3
