"""What policies judge: an object of Kubernetes or a resource of AWS, and what they find in it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from model.json_values import Json, is_list, mapping, mappings

UNKNOWN = "(known after the up)"
"""Stands for a value that a preview does not know."""


@dataclass(frozen=True)
class Judged:
    """Something that a stack creates."""

    kind: str
    """Kubernetes' kind, or Pulumi's type of any other resource."""
    name: str
    """The name, after the namespace if there is one: `booksapp/webapp`."""
    content: Json

    def __str__(self) -> str:
        """Return its name in a finding."""
        return f"{self.kind} {self.name}"


class Finding(NamedTuple):
    """A violation of a policy, and its exact place."""

    where: str
    what: str

    def __str__(self) -> str:
        """Return the finding as it is shown."""
        return f"{self.where}: {self.what}"


class Policy(NamedTuple):
    """A rule, with its name in exemptions and reports."""

    name: str
    description: str
    judge: Callable[[Judged], Iterable[Finding]]
    mandatory: bool = True
    """True if a finding stops the preview or the up."""
    about_documents: bool = False
    """True if it reads policies of IAM, of which all values have to be known."""


def of_kubernetes(content: Json) -> Judged:
    """Return a Kubernetes object as a Judged."""
    metadata = mapping(content.get("metadata"))
    name, namespace = str(metadata.get("name", UNKNOWN)), metadata.get("namespace")
    return Judged(str(content.get("kind")), f"{namespace}/{name}" if namespace else name, content)


def of_resource(type_: str, name: str, inputs: Json) -> Judged:
    """Return the engine's resource as a Judged."""
    if type_.startswith("kubernetes:") and "kind" in inputs:
        return of_kubernetes(inputs)
    return Judged(type_, name, inputs)


def namespace_of(judged: Judged) -> str:
    """Return the namespace that an object lies in."""
    return str(mapping(judged.content.get("metadata")).get("namespace", ""))


_TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "Pod": (),
    **dict.fromkeys(("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "Rollout"), ("spec", "template")),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}


def pod_template(judged: Judged) -> Json | None:
    """Return the pod that an object is or creates (`metadata`, `spec`); None if it creates none."""
    path = _TEMPLATES.get(judged.kind)
    if path is None:
        return None
    found = judged.content
    for step in path:
        found = mapping(found.get(step))
    return found


class Container(NamedTuple):
    """A container of a pod, and how a finding names it."""

    where: str
    content: Json


def containers(judged: Judged) -> Iterator[Container]:
    """Yield every container of the pods that an object creates, with init and ephemeral containers."""
    pod = mapping((pod_template(judged) or {}).get("spec"))
    for group in ("initContainers", "containers", "ephemeralContainers"):
        for each in mappings(pod.get(group)):
            yield Container(f"{judged}, container {each.get('name')}", each)


def texts(value: object) -> list[str]:
    """Return the texts of a list, or a single text as such a list."""
    if is_list(value):
        return [str(each) for each in value]
    return [value] if isinstance(value, str) else []
