"""Creates a stack's objects again with `helm` and `kubectl`, as one would without Pulumi."""

import json
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from charts import archive as chart_archive
from model.json_values import Json, is_list, is_mapping, mapping, mappings
from sandbox.console import SandboxError

SIGNATURE = "4dabf18193072939515e22adb298388d"
"""The key by which Pulumi marks a value in a state as special."""
RELEASE, CHART = "kubernetes:helm.sh/v3:Release", "kubernetes:helm.sh/v4:Chart"
TEMPLATE = b'{{- range $path, $_ := .Files.Glob "objects/*.json" }}\n---\n{{ $.Files.Get $path }}\n{{- end }}\n'
WAIT_SECONDS = 300


@dataclass(frozen=True)
class Parts:
    """The objects of a stack, by the way in which they are created by hand."""

    releases: list[Json] = field(default_factory=list[Json])
    charts: dict[str, list[Json]] = field(default_factory=dict[str, list[Json]])
    """Objects that a chart rendered, by the chart's name."""
    plain: list[Json] = field(default_factory=list[Json])

    @classmethod
    def of_state(cls, document: Json) -> "Parts":
        """Sort the resources of an exported state that shows its secrets."""
        parts = cls()
        resources = mappings(mapping(document.get("deployment")).get("resources"))
        charts = {str(each.get("urn")) for each in resources if each.get("type") == CHART}
        for each in resources:
            kind, parent, inputs = str(each.get("type")), str(each.get("parent")), reveal(each.get("inputs"))
            if kind == RELEASE:
                parts.releases.append(mapping(inputs))
            elif kind.startswith("kubernetes:") and each.get("custom") is True:
                target = parts.charts.setdefault(parent.rpartition("::")[2], []) if parent in charts else parts.plain
                target.append(mapping(inputs))
        return parts

    def before_charts(self) -> list[Json]:
        """Plain objects in the charts' namespaces, such as certificates, and every namespace."""
        places = {namespace(each) for objects in self.charts.values() for each in objects}
        return [each for each in self.plain if each.get("kind") == "Namespace" or namespace(each) in places]


def reveal(value: object) -> object:
    """A state's value without the marks of secrets."""
    if is_list(value):
        return [reveal(each) for each in value]
    if not is_mapping(value):
        return value
    if SIGNATURE in value:
        text = value.get("plaintext")
        return json.loads(text) if isinstance(text, str) else None
    return {key: reveal(each) for key, each in value.items() if not key.startswith("__")}


def namespace(manifest: Json) -> object:
    """The namespace of an object."""
    return mapping(manifest.get("metadata")).get("namespace")


@dataclass(frozen=True)
class ByHand:
    """`helm` and `kubectl` on a cluster. Manifests hold secrets and stay in a folder of the caller's."""

    helm: Path
    kubectl: Path
    kubeconfig: Path
    project: Path
    scratch: Path
    environment: Mapping[str, str]

    def install(self, parts: Parts) -> float:
        """Create everything and wait until it is available; return the seconds."""
        before = parts.before_charts()
        after = [each for each in parts.plain if each not in before]
        archives = {name: self.package(name, objects) for name, objects in parts.charts.items()}
        started = time.monotonic()
        namespaces = [each for each in before if each.get("kind") == "Namespace"]
        self.apply(namespaces)
        for release in parts.releases:
            self.install_chart(str(release["name"]), str(release["chart"]), namespace=str(release["namespace"]))
        self.apply([each for each in before if each not in namespaces])
        for name, archive in archives.items():
            self.install_chart(name, str(archive), namespace="default")
        self.apply(after)
        for place in {str(namespace(each)) for each in after if each.get("kind") == "Deployment"}:
            waiting = ["wait", "deployment", "--all", "--for=condition=Available", f"--namespace={place}"]
            self.run(self.kubectl, *waiting, f"--timeout={WAIT_SECONDS}s")
        return time.monotonic() - started

    def uninstall(self, parts: Parts) -> float:
        """Delete everything and wait for the deletion; return the seconds."""
        started = time.monotonic()
        before = parts.before_charts()
        self.delete([each for each in parts.plain if each not in before])
        for name in parts.charts:
            self.run(self.helm, "uninstall", name, "--namespace=default", "--wait")
        for release in reversed(parts.releases):
            self.run(self.helm, "uninstall", str(release["name"]), f"--namespace={release['namespace']}", "--wait")
        self.delete(before)
        return time.monotonic() - started

    def package(self, name: str, objects: list[Json]) -> Path:
        """A chart of the objects that the stack's chart rendered: the same objects need no second rendering."""
        manifests = {f"objects/{number:03}.json": json.dumps(each).encode() for number, each in enumerate(objects)}
        chart = f"apiVersion: v2\nname: {name}\nversion: 1.0.0\n".encode()
        files = {"Chart.yaml": chart, "templates/objects.yaml": TEMPLATE, **manifests}
        return chart_archive.write(self.scratch, files)

    def install_chart(self, name: str, chart: str, *, namespace: str) -> None:
        """`helm install --wait`."""
        self.run(self.helm, "install", name, chart, f"--namespace={namespace}", "--wait", f"--timeout={WAIT_SECONDS}s")

    def apply(self, objects: list[Json]) -> None:
        """`kubectl apply --server-side`."""
        self.run(self.kubectl, "apply", "--server-side", "--filename=-", manifests=objects)

    def delete(self, objects: list[Json]) -> None:
        """`kubectl delete`, which waits."""
        self.run(self.kubectl, "delete", "--ignore-not-found", "--filename=-", manifests=objects)

    def run(self, program: Path, *arguments: str, manifests: list[Json] | None = None) -> None:
        """Run a command to its end; raises with its last line."""
        if manifests == []:
            return
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": manifests or []})
        command = [program, *arguments, f"--kubeconfig={self.kubeconfig}"]
        done = subprocess.run(
            command, cwd=self.project, env=self.environment, input=text, capture_output=True, text=True, check=False
        )
        if done.returncode:
            last = (done.stderr.strip() or "no message").splitlines()[-1]
            message = f"by hand: `{program.name} {' '.join(arguments[:3])}` failed: {last}"
            raise SandboxError(message)
