"""The few requests that the sandbox itself makes to its API server."""

import json
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from model.json_values import Json, is_mapping

APPLY = "application/apply-patch+yaml"


@dataclass(frozen=True)
class ApiClient:
    """The API server on loopback, as its administrator."""

    port: int
    certificates: Path
    timeout_seconds: float = 10.0

    def ready(self) -> bool:
        """Whether the API server says that it is ready."""
        try:
            return self.request("GET", "/readyz") == b"ok"
        except (OSError, urllib.error.URLError):
            return False

    def get(self, path: str) -> Json | None:
        """The object at a path, or None if there is none."""
        try:
            value: object = json.loads(self.request("GET", path))
        except urllib.error.HTTPError as answer:
            if answer.code == 404:  # noqa: PLR2004 - not found
                return None
            raise
        return value if is_mapping(value) else None

    def apply(self, path: str, body: Json) -> None:
        """Server-side apply one object."""
        self.request("PATCH", f"{path}?fieldManager=sandbox&force=true", json.dumps(body).encode())

    def request(self, method: str, path: str, body: bytes | None = None, kind: str = APPLY) -> bytes:
        """One request, whose body is of `kind`; raises urllib's errors."""
        context = ssl.create_default_context(cafile=self.certificates / "ca.crt")
        context.load_cert_chain(self.certificates / "admin.crt", self.certificates / "admin.key")
        headers = {"Content-Type": kind} if body else {}
        request = urllib.request.Request(
            f"https://127.0.0.1:{self.port}{path}", data=body, method=method, headers=headers
        )
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )
        with opener.open(request, timeout=self.timeout_seconds) as answer:
            return bytes(answer.read())
