"""A tea house on the web. Run it with `modcache run serve.py [PORT]`, and edit any of these files while it serves."""

from __future__ import annotations

import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import page


class Site(BaseHTTPRequestHandler):
    """Answers every GET with the page; a connection stays open for as long as the client likes."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """One answer; the headers tell which process gave it, on which connection."""
        body = page.render().encode() + b"\n"
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Process", str(os.getpid()))
        self.send_header("X-Connection", str(self.client_address[1]))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Nothing: the terminal is for the reports."""


def main() -> None:
    """Serve until somebody stops it."""
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    server = ThreadingHTTPServer(("127.0.0.1", port), Site)
    server.daemon_threads = True
    print(f"http://127.0.0.1:{server.server_port}/", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
