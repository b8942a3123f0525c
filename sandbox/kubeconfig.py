"""The administrator's kubeconfig, with everything embedded."""

import base64
import json
from pathlib import Path

from sandbox.certificates import write_private

CONTEXT = "sandbox"


def write_kubeconfig(path: Path, certificates: Path, port: int) -> None:
    """Write the file with mode 0600. JSON is YAML, so every client reads it."""

    def embedded(name: str) -> str:
        return base64.b64encode((certificates / name).read_bytes()).decode()

    cluster = {"server": f"https://127.0.0.1:{port}", "certificate-authority-data": embedded("ca.crt")}
    user = {"client-certificate-data": embedded("admin.crt"), "client-key-data": embedded("admin.key")}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": CONTEXT,
        "clusters": [{"name": CONTEXT, "cluster": cluster}],
        "users": [{"name": CONTEXT, "user": user}],
        "contexts": [{"name": CONTEXT, "context": {"cluster": CONTEXT, "user": CONTEXT}}],
    }
    write_private(path, (json.dumps(document, indent=2) + "\n").encode())
