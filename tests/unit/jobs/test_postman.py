"""Which addresses messages are carried to, and that what was checked is what is connected to."""

import ipaddress
import socket
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.abc import ResolveResult

from kit.errors import InvalidArgument, Reason, Unavailable
from kit.jobs.webhooks.postman import PublicPostman, is_public


@pytest.fixture
async def postman() -> AsyncIterator[PublicPostman]:
    made = PublicPostman()
    yield made
    await made.close()


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:93.184.216.34", True),
        ("2002:7f00:1::", False),
        ("64:ff9b::7f00:1", False),
        ("::7f00:1", False),
    ],
)
def test_what_is_public(address: str, public: bool) -> None:
    assert is_public(ipaddress.ip_address(address)) is public


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "ftp://example.com/hook",
        "https:///hook",
        "https://user:word@example.com/",
        "https://example.com/#fragment",
        "https://127.0.0.1/hook",
        "https://[::1]/hook",
        "https://[::ffff:10.0.0.1]/hook",
        "https://169.254.169.254/latest",
        "https://localhost/hook",
        "https://example.com:port/",
        "https://no-such-host.invalid/",
        "",
    ],
)
async def test_what_is_no_public_address_is_refused_before_anything_is_sent(postman: PublicPostman, url: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        await postman.check(url)
    assert refused.value.reason is Reason.ADDRESS_REFUSED
    with pytest.raises(InvalidArgument):
        await postman.post(url, {}, b"{}")


async def test_a_name_that_changes_its_mind_is_refused_when_it_is_connected_to(
    postman: PublicPostman, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was public when the webhook was created; now it stands for a machine inside."""
    answers = iter(["93.184.216.34", "10.0.0.5"])

    async def resolve(_: object, host: str, port: int = 0, family: int = socket.AF_INET) -> list[ResolveResult]:
        found = next(answers)
        return [ResolveResult(hostname=host, host=found, port=port, family=family, proto=0, flags=0)]

    monkeypatch.setattr("aiohttp.resolver.ThreadedResolver.resolve", resolve)
    await postman.check("https://rebinding.example/hook")
    with pytest.raises(InvalidArgument) as refused:
        await postman.post("https://rebinding.example/hook", {}, b"{}")
    assert refused.value.message == "the address is not a public address"


async def test_private_addresses_can_be_let_in_and_redirects_are_never_followed() -> None:
    seen: list[str] = []

    async def hook(request: web.Request) -> web.Response:
        seen.append(request.path)
        if request.path == "/away":
            raise web.HTTPFound("/inside")
        return web.Response(text="x" * 2000, status=201)

    app = web.Application()
    app.router.add_post("/{tail:.*}", hook)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    postman = PublicPostman(private=True)
    try:
        taken = await postman.post(f"http://127.0.0.1:{port}/hook", {"webhook-id": "e1"}, b"{}")
        assert (taken.status, len(taken.body)) == (201, 500)
        assert (await postman.post(f"http://localhost:{port}/away", {}, b"{}")).status == 302
        assert seen == ["/hook", "/away"]
        await runner.cleanup()
        with pytest.raises(Unavailable):
            await postman.post(f"http://127.0.0.1:{port}/hook", {}, b"{}")
    finally:
        await postman.close()
        await runner.cleanup()
