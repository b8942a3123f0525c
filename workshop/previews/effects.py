"""What a preview means for the stack's users: which pods restart, which certificates renew, which hosts change."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter, ValidationError

from model.json_values import at, entries, mapping
from model.moments import in_utc
from workshop.previews.document import State, Step
from workshop.previews.markdown import code
from workshop.previews.objects import title
from workshop.previews.values import is_unknown

WORKLOADS = {"Deployment", "StatefulSet", "DaemonSet", "Rollout"}
CERTIFICATES = ("SelfSignedCert", "LocallySignedCert", "Certificate")
ENDS = ("validityEndTime", "notAfter")
DNS_ANNOTATION = "external-dns.alpha.kubernetes.io/hostname"
RECORD = "aws:route53/record:Record"

_TIME = TypeAdapter(datetime)


@dataclass(frozen=True)
class Effect:
    """One thing that happens, and to what."""

    subject: str
    what: str
    """In Markdown, with the names in it as code."""


@dataclass(frozen=True)
class Expiry:
    """The certificate that ends next, of those that the `up` leaves as they are."""

    name: str
    ends: datetime


def restarts(steps: Iterable[Step]) -> Iterator[Effect]:
    """Yield the workloads whose pods are replaced."""
    for step in steps:
        if step.op not in ("update", "replace") or at(step.state.inputs, "kind") not in WORKLOADS:
            continue
        before, after = (at((each or State()).inputs, "spec", "template") for each in (step.old, step.new))
        if step.op == "replace":
            yield Effect(title(step), "is made anew, with all its pods")
        elif before != after:
            canary = at(step.state.inputs, "kind") == "Rollout"
            what = "starts a canary" if canary else "replaces its pods one after the other"
            yield Effect(title(step), f"perhaps {what}, a value is not known yet" if is_unknown(after) else what)


def certificates(steps: Iterable[Step]) -> Iterator[Effect]:
    """Yield the certificates that are made, renewed or taken away."""
    words = {"create": "is new", "replace": "is renewed", "delete": "goes"}
    for step in steps:
        if step.op in words and step.type.endswith(tuple(f":{each}" for each in CERTIFICATES)):
            yield Effect(step.name, words[step.op])


def hosts(steps: Iterable[Step]) -> Iterator[Effect]:
    """Yield the public names that come, go, or lead to something else."""
    before: dict[str, str] = {}
    after: dict[str, str] = {}
    for step in steps:
        if step.op != "create" and step.old:
            before |= dict.fromkeys(_hosts(step.type, step.old.inputs), title(step))
        if step.op != "delete" and step.new:
            after |= dict.fromkeys(_hosts(step.type, step.new.inputs), title(step))
    for host in sorted({*before, *after}):
        if host not in before:
            yield Effect(host, f"is new, for {code(after[host])}")
        elif host not in after:
            yield Effect(host, f"goes, it was that of {code(before[host])}")
        elif before[host] != after[host]:
            yield Effect(host, f"moves from {code(before[host])} to {code(after[host])}")


def next_expiry(steps: Iterable[Step]) -> Expiry | None:
    """Return the certificate that ends next, None if the preview tells of none that stays."""
    staying = [step for step in steps if step.op in ("same", "update") and step.old]
    found = [Expiry(step.name, ends) for step in staying if step.old and (ends := _end(step.old.outputs))]
    return min(found, key=lambda each: (each.ends, each.name), default=None)


def _end(outputs: Mapping[str, object]) -> datetime | None:
    for key in ENDS:
        try:
            end = _TIME.validate_python(outputs.get(key))
        except ValidationError:
            continue
        return in_utc(end)
    return None


def _hosts(kind: str, inputs: Mapping[str, object]) -> Iterator[str]:
    spec = mapping(inputs.get("spec"))
    found: list[object] = [at(rule, "host") for rule in entries(spec.get("rules"))]
    found += [host for each in entries(spec.get("tls")) for host in entries(at(each, "hosts"))]
    found += entries(spec.get("hostnames"))
    found += [at(listener, "hostname") for listener in entries(spec.get("listeners"))]
    annotated = at(inputs, "metadata", "annotations", DNS_ANNOTATION)
    found += [each.strip() for each in annotated.split(",")] if isinstance(annotated, str) else []
    found += [inputs.get("name")] if kind == RECORD else []
    yield from (host for host in found if isinstance(host, str) and host)
