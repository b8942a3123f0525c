"""Previews in the form in which the engine prints them, invented for changes that are hard to bring about."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from workshop.previews.comment import Origin, compose
from workshop.previews.document import Finding
from workshop.previews.masking import mask_preview
from workshop.previews.summary import PreviewResult

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
RUN = "https://github.example.com/example/workshop/actions/runs/7"
ORIGIN = Origin("0123456789abcdef0123456789abcdef01234567", RUN)
Json = Mapping[str, object]


def urn(kind: str, name: str) -> str:
    return f"urn:pulumi:dev::linkerd-workshop::linkerd-workshop:demos:Demo${kind}::{name}"


def step(op: str, kind: str, name: str, old: Json | None = None, new: Json | None = None, **more: object) -> Json:
    """Return one step; `old` and `new` are inputs."""
    sides = {"oldState": old, "newState": new}
    states = {side: {"custom": True, "inputs": inputs} for side, inputs in sides.items() if inputs is not None}
    return {"op": op, "urn": urn(kind, name), **states, **more}


def manifest(kind: str, name: str, namespace: str | None = "booksapp", **more: object) -> dict[str, object]:
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **more}


def deployment(name: str, image: str, replicas: int = 1, **container: object) -> dict[str, object]:
    template = {"spec": {"containers": [{"name": "app", "image": image, **container}]}}
    return manifest("Deployment", name, spec={"replicas": replicas, "template": template})


def ingress(name: str, *hosts: str) -> dict[str, object]:
    return manifest("Ingress", name, spec={"rules": [{"host": host} for host in hosts]})


def certificate(op: str, name: str, ends: str, **more: object) -> Json:
    state = {"custom": True, "inputs": {"validityPeriodHours": 8760}, "outputs": {"validityEndTime": ends}}
    sides = {"create": ["newState"], "delete": ["oldState"]}.get(op, ["oldState", "newState"])
    kind = "tls:index/locallySignedCert:LocallySignedCert"
    return {"op": op, "urn": urn(kind, name), **dict.fromkeys(sides, state), **more}


def account(
    *steps: Json,
    failed: bool = False,
    log: str = "",
    findings: Sequence[Json] | None = None,
    diagnostics: Sequence[Json] = (),
) -> PreviewResult:
    masked = mask_preview(json.dumps({"steps": steps, "diagnostics": diagnostics}))
    assert masked
    found = None if findings is None else [Finding.model_validate(each) for each in findings]
    return PreviewResult("dev", masked.digest, not failed, found, log)


def comment(found: PreviewResult) -> str:
    """Return the comment of a preview."""
    return compose(found, ORIGIN, NOW)
