"""The facts of the sandbox's cluster that EKS reports."""

import base64
from datetime import UTC, datetime

from model.json_values import mapping
from sandbox import ports
from sandbox.api_client import ApiClient
from sandbox.paths import Home


def address(home: Home) -> str:
    """Return the address of the sandbox's API server."""
    chosen = ports.recorded(home)
    return f"https://127.0.0.1:{chosen.api}" if chosen else "https://127.0.0.1:1"


def authority(home: Home) -> str:
    """Return the authority of the API server's certificate, as EKS writes it."""
    file = home.certificates / "ca.crt"
    return base64.b64encode(file.read_bytes() if file.exists() else b"").decode()


def created_at(home: Home) -> datetime:
    """Return when the sandbox's authority was created; it distinguishes a cluster from an earlier one of its name."""
    file = home.certificates / "complete"
    return datetime.fromtimestamp(int(file.stat().st_mtime) if file.exists() else 0, UTC).replace(tzinfo=None)


def version(home: Home) -> str | None:
    """Return the API server's version, such as 1.36; None while it does not answer."""
    chosen = ports.recorded(home)
    try:
        answer = ApiClient(chosen.api, home.certificates, 2).get("/version") if chosen else None
    except OSError:
        return None
    return ".".join(str(mapping(answer)["gitVersion"]).lstrip("v").split(".")[:2]) if answer else None
