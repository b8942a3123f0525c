"""The few requests that the sandbox itself makes to its API server."""

import json
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from model.json_values import Json, is_mapping, mapping, mappings
from sandbox import ports
from sandbox.console import SandboxError
from sandbox.paths import Home

APPLY = "application/apply-patch+yaml"
PULUMI_MANAGER = "pulumi-kubernetes"


@dataclass(frozen=True)
class ApiClient:
    """The API server on loopback, as its administrator."""

    port: int
    certificates: Path
    timeout_seconds: float = 10.0

    def ready(self) -> bool:
        """Return whether the API server says that it is ready."""
        try:
            return self.request("GET", "/readyz") == b"ok"
        except (OSError, urllib.error.URLError):
            return False

    def get(self, path: str) -> Json | None:
        """Return the object at a path; None if there is none."""
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
        """Send a request whose body is of `kind`. Raises urllib's errors."""
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


def connect(home: Home) -> ApiClient:
    """Return the client of a sandbox; raises if it was never started."""
    chosen = ports.recorded(home)
    if chosen is None:
        raise SandboxError("the sandbox does not run: start it with `make sandbox`.")
    return ApiClient(chosen.api, home.certificates)


@dataclass(frozen=True)
class Reference:
    """One object of a cluster."""

    api_version: str
    kind: str
    namespace: str | None
    name: str

    @classmethod
    def of_inputs(cls, inputs: Json) -> "Reference | None":
        """Return the object that a resource's inputs describe; None if they name none."""
        metadata = mapping(inputs.get("metadata"))
        api_version, kind, name = inputs.get("apiVersion"), inputs.get("kind"), metadata.get("name")
        namespace = metadata.get("namespace")
        if not (isinstance(api_version, str) and isinstance(kind, str) and isinstance(name, str)):
            return None
        return cls(api_version, kind, namespace if isinstance(namespace, str) else None, name)


def find_object(client: ApiClient, reference: Reference) -> tuple[str, Json] | None:
    """Return the Pulumi id and the content of an object; None if there is none or its kind is not served."""
    kind = find_kind(client, reference.api_version, reference.kind)
    if kind is None:
        return None
    namespace = (reference.namespace or "default") if kind.get("namespaced") is True else None
    scope = f"/namespaces/{namespace}" if namespace else ""
    found = client.get(f"{group_path(reference.api_version)}{scope}/{kind.get('name')}/{reference.name}")
    identity = f"{namespace}/{reference.name}" if namespace else reference.name
    return (identity, found) if found is not None else None


def find_kind(client: ApiClient, api_version: str, kind: str) -> Json | None:
    """Return how the API server serves a kind."""
    served = mappings(client.get(group_path(api_version)), "resources")
    return next((each for each in served if each.get("kind") == kind and "/" not in str(each.get("name"))), None)


def group_path(api_version: str) -> str:
    """Return the path of an API's version."""
    return "/api/v1" if api_version == "v1" else f"/apis/{api_version}"


def pulumi_manager(found: Json) -> str | None:
    """Return the field manager by which Pulumi created an object; None if something else created it."""
    managed = mappings(found, "metadata", "managedFields")
    if not managed and found.get("kind") == "Namespace":
        return PULUMI_MANAGER  # applied with nothing but a name; anybody else who creates one owns its label
    names = [str(each.get("manager")) for each in managed]
    return next((name for name in names if name.startswith(PULUMI_MANAGER)), None)
