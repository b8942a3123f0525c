"""`python -m sandbox.aws HOME`: serve the double until the process is ended."""

import sys
from pathlib import Path

from werkzeug.serving import WSGIRequestHandler, make_server

from sandbox.aws.double import Double
from sandbox.paths import Home
from sandbox.ports import LOOPBACK


class Handler(WSGIRequestHandler):
    """Keeps a connection for the next request, and writes no colours into the log."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:  # noqa: ARG002
        """Write one line a request."""
        sys.stderr.write(f"{self.command} {self.path} {self.headers.get('X-Amz-Target', '')} {code}\n")


def main() -> None:
    """Take up what the last process had, then listen; the port is written when it does."""
    home = Home(Path(sys.argv[1]))
    home.aws.mkdir(mode=0o700, parents=True, exist_ok=True)
    double = Double(home)
    double.take_up()
    server = make_server(LOOPBACK, 0, double, threaded=True, request_handler=Handler)
    scratch = home.aws_port.with_suffix(".new")
    scratch.write_text(str(server.port), encoding="ascii")
    scratch.replace(home.aws_port)
    server.serve_forever()


if __name__ == "__main__":
    main()
