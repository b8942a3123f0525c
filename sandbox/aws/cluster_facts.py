"""What is true of the sandbox's cluster now, as EKS tells it."""

import base64
from datetime import UTC, datetime

from model.json_values import mapping
from sandbox import ports
from sandbox.api_client import ApiClient
from sandbox.paths import Home


def address(home: Home) -> str:
    """Where the sandbox's API server listens."""
    chosen = ports.recorded(home)
    return f"https://127.0.0.1:{chosen.api}" if chosen else "https://127.0.0.1:1"


def authority(home: Home) -> str:
    """The authority that signed the API server's certificate, as EKS writes it."""
    file = home.certificates / "ca.crt"
    return base64.b64encode(file.read_bytes() if file.exists() else b"").decode()


def born(home: Home) -> datetime:
    """When the sandbox's authority was made; by name and this time a cluster is told from an earlier one."""
    file = home.certificates / "complete"
    return datetime.fromtimestamp(int(file.stat().st_mtime) if file.exists() else 0, UTC).replace(tzinfo=None)


def version(home: Home) -> str | None:
    """The API server's version, such as 1.36; None while it does not answer."""
    chosen = ports.recorded(home)
    try:
        told = ApiClient(chosen.api, home.certificates, 2).get("/version") if chosen else None
    except OSError:
        return None
    return ".".join(str(mapping(told)["gitVersion"]).lstrip("v").split(".")[:2]) if told else None
