"""requests at work, over real sockets of this machine: GET, POST, a redirect, an error, a retry."""

from __future__ import annotations

import http.server
import threading

import certifi
import requests
import urllib3


class Handler(http.server.BaseHTTPRequestHandler):
    """A server for one client."""

    def do_GET(self) -> None:
        """A page, or the way to it."""
        if self.path == "/old":
            self.send_response(302)
            self.send_header("Location", "/new")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self._answer(200 if self.path == "/new" else 404, b'{"path": "%s"}' % self.path.encode())

    def do_POST(self) -> None:
        """What was sent comes back."""
        self._answer(200, self.rfile.read(int(self.headers["Content-Length"])))

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def work() -> str:
    """Talk to the server, then to nobody."""
    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        place = f"http://127.0.0.1:{server.server_port}"
        with requests.Session() as session:
            session.trust_env = False
            page = session.get(f"{place}/old")
            assert page.json() == {"path": "/new"}
            assert len(page.history) == 1
            assert session.post(f"{place}/x", json={"a": 1}).json() == {"a": 1}
            assert session.get(f"{place}/none").status_code == 404
            _refused(session)
        server.shutdown()
    assert certifi.contents().startswith("\n#")
    assert requests.packages.urllib3 is urllib3
    return f"sockets, redirects, JSON, errors; urllib3 {urllib3.__version__}"


def _refused(session: requests.Session) -> None:
    try:
        session.get("http://127.0.0.1:9/", timeout=2)
    except requests.ConnectionError as error:
        assert isinstance(error.args[0], urllib3.exceptions.MaxRetryError)
    else:
        raise AssertionError("nobody answers there")
