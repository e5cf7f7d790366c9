"""Metrics over HTTP, for those who scrape them."""

import socket
import threading
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import make_wsgi_app


def serve_metrics(host: str, port: int) -> None:
    """Answers until the process ends. Raises OSError where the port is taken."""
    server = make_server(host, port, make_wsgi_app(), _server_of(host, port), handler_class=_Silent)
    # Nothing ever stops it, so it need not look twice a second whether it should, as the one of the library does.
    threading.Thread(target=server.serve_forever, args=(None,), daemon=True).start()


def _server_of(host: str, port: int) -> type[WSGIServer]:
    class Server(ThreadingMixIn, WSGIServer):
        address_family = socket.getaddrinfo(host, port)[0][0]
        daemon_threads = True

    return Server


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the class it extends
        pass
