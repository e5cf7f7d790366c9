"""A student at the playground, in a real browser, in front of the whole stack."""

import re
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser import opened_page
from tests.cutting import cutting_proxy
from tests.e2e.conftest import System

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

ANSWER_MS = 100_000  # the demo model shares a small machine with everything else
LECTURE = "Resonance and Standing Waves"

# Notes how long the answer is each time it grows.
WATCH = """() => {
  window.lengths = [];
  const note = () => lengths.push(document.querySelector(".exchange:last-child .answer")?.textContent.length ?? 0);
  new MutationObserver(note).observe(document.getElementById("exchanges"), { subtree: true, childList: true });
}"""


@pytest.fixture
async def page(system: System, request: pytest.FixtureRequest) -> AsyncIterator[Page]:
    """The page of a student of the test's own, who is signed in and has asked nothing yet."""
    token = system.token(request.node.name)
    async with opened_page() as page:
        await page.request.post(f"{system.base_url}/session", data={"token": token})
        yield page


async def open_lecture(page: Page, address: str) -> None:
    await page.goto(address)
    await page.select_option("#course", label="Sound and Waves")
    await page.select_option("#video", label=LECTURE)
    await expect(page.locator("#stage-title")).to_have_text(LECTURE)


async def ask(page: Page, question: str) -> Locator:
    """The exchange, once its answer is whole."""
    await page.fill("#question", question)
    await page.press("#question", "Enter")
    exchange = page.locator(".exchange").last
    await expect(exchange.locator(".question")).to_have_text(question)
    await expect(exchange).to_have_attribute("data-state", "completed", timeout=ANSWER_MS)
    return exchange


async def test_an_answer_streams_in_and_its_citation_leads_to_the_second(system: System, page: Page) -> None:
    await open_lecture(page, system.base_url)
    await page.evaluate(WATCH)
    exchange = await ask(page, "How was the Millennium Bridge in London fixed?")
    lengths = await page.evaluate("() => lengths")
    assert len(set(filter(None, lengths))) > 2, "the answer came in one piece"

    source = exchange.locator("button.source").first
    start = str(await source.get_attribute("data-start"))
    await source.click()
    cited = page.locator(".cue.cited").first
    await expect(cited).to_have_attribute("data-start", start)
    await expect(cited).to_have_attribute("aria-current", "true")
    await expect(cited).to_be_in_viewport()
    clock = "{:02}:{:02}".format(*divmod(int(float(start)), 60))
    await expect(source.locator(".where")).to_have_text(clock)
    await expect(page.locator("#clock")).to_have_text(re.compile(f"^{clock} / "))


async def test_the_conversation_is_there_again_after_a_reload(system: System, page: Page) -> None:
    await open_lecture(page, system.base_url)
    question = "What are nodes and antinodes?"
    answer = await (await ask(page, question)).locator(".answer").inner_text()
    await page.reload()
    again = page.locator(".exchange").last
    await expect(again.locator(".question")).to_have_text(question)
    await expect(again.locator(".answer")).to_have_text(answer, use_inner_text=True)


async def test_an_answer_goes_on_where_the_connection_broke(system: System, page: Page) -> None:
    edge = urlsplit(system.base_url)
    async with cutting_proxy(str(edge.hostname), int(edge.port or 80), at_delta=2) as (proxy, address):
        await open_lecture(page, address)
        exchange = await ask(page, "Why does a closed pipe sound an octave lower than an open pipe?")
        assert proxy.cuts == 1
        answer = await exchange.locator(".answer").inner_text()
    await page.goto(system.base_url)
    kept = page.locator(".exchange").last.locator(".answer")
    await expect(kept).to_have_text(answer, use_inner_text=True)


async def test_the_page_says_that_the_model_is_a_demo(system: System, page: Page) -> None:
    await page.goto(system.base_url)
    await expect(page.locator("#demo-chip")).to_be_visible()
    await expect(page.locator("#footnote")).to_contain_text("often wrong")
