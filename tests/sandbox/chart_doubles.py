"""Rendering the chart doubles."""

import json
import subprocess
from collections.abc import Mapping

import yaml

from model.json_values import Json, mapping
from sandbox import paths, tools

CONTROL_PLANE, CRDS, VIZ, ARGO_CD = "linkerd-control-plane", "linkerd-crds", "linkerd-viz", "argo-cd"
ARGO_ROLLOUTS, LOAD_BALANCERS, DNS = "argo-rollouts", "aws-load-balancer-controller", "external-dns"
NAMESPACES = {VIZ: "linkerd-viz", ARGO_CD: "argocd", LOAD_BALANCERS: LOAD_BALANCERS, DNS: DNS}
RELEASES = {ARGO_CD: "argocd"}
WITH_CERTIFICATES: dict[str, Mapping[str, object]] = {
    VIZ: {"createNamespaceMetadataJob": False},
    LOAD_BALANCERS: {"clusterName": "workshop", "enableServiceMutatorWebhook": False},
}
"""Values with which a chart creates the certificates of its servers itself."""


def helm(chart: str, values: Mapping[str, object], *more: str) -> "subprocess.CompletedProcess[str]":
    """Run `helm template` with values."""
    command = [str(tools.find(("helm",))["helm"]), "template", RELEASES.get(chart, chart)]
    command.append(str(paths.CHART_DOUBLES / chart))
    flags = ["--namespace", NAMESPACES.get(chart, "linkerd"), "--kube-version", "1.36.3", "--values", "-"]
    text = json.dumps(values)
    return subprocess.run([*command, *flags, *more], input=text, capture_output=True, text=True, check=False)


def objects(chart: str, values: Mapping[str, object]) -> dict[str, Json]:
    """Return the rendered objects by kind and name."""
    seen = helm(chart, values)
    assert seen.returncode == 0, seen.stderr
    found = [mapping(each) for each in yaml.safe_load_all(seen.stdout) if each]
    return {f"{each['kind']}/{mapping(each['metadata'])['name']}": each for each in found}
