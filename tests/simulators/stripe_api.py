"""A stand-in of Stripe's meter events: forms in, JSON out, one count for each identifier, faults on demand."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl


@dataclass
class StripeStub:
    """What came in. `faults`: how the next requests go: a status, or "dropped" for taken in and never answered."""

    url: str = ""
    events: dict[str, dict[str, str]] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    faults: list[int | str] = field(default_factory=list)

    def total(self, name: str) -> int:
        return sum(int(event["payload[value]"]) for event in self.events.values() if event["event_name"] == name)


@contextmanager
def stripe_stub() -> Iterator[StripeStub]:
    stub = StripeStub()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            stub.requests.append((self.path, self.headers["Idempotency-Key"]))
            fault = stub.faults.pop(0) if stub.faults else 0
            if isinstance(fault, int) and fault:
                self._say(fault, {"error": {"type": "invalid_request_error", "message": f"fault {fault}"}})
                return
            if self.path != "/v1/billing/meter_events" or not self.headers["Authorization"].startswith("Bearer rk_"):
                self._say(404, {"error": {"type": "invalid_request_error", "message": "no such path or key"}})
                return
            twice = form["identifier"] in stub.events
            stub.events.setdefault(form["identifier"], form)
            if fault == "dropped":
                self.close_connection = True
                return
            if twice:
                told = f"An event already exists with identifier {form['identifier']}."
                self._say(400, {"error": {"type": "invalid_request_error", "message": told}})
                return
            self._say(200, {"object": "billing.meter_event", "identifier": form["identifier"]})

        def _say(self, status: int, body: object) -> None:
            raw = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
