"""Rendering the chart doubles, with the values that the program sets and with those of a naive one."""

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
WEBHOOKS = ("proxyInjector", "profileValidator", "policyValidator")
OURS: dict[str, object] = {
    "identity": {"externalCA": True, "issuer": {"scheme": "kubernetes.io/tls"}},
    "heartbeatSchedule": "17 3 * * *",
    "podAnnotations": {"linkerd-workshop/generation": "1"},
    **{webhook: {"externalSecret": True, "caBundle": "the bundle"} for webhook in WEBHOOKS},
}
NAIVE = {
    "identityTrustAnchorsPEM": "the anchor",
    "identity": {"issuer": {"tls": {"crtPEM": "the issuer", "keyPEM": "the key of the issuer"}}},
}


def helm(chart: str, values: Mapping[str, object], *more: str) -> "subprocess.CompletedProcess[str]":
    command = [str(tools.find(("helm",))["helm"]), "template", RELEASES.get(chart, chart)]
    command.append(str(paths.CHART_DOUBLES / chart))
    flags = ["--namespace", NAMESPACES.get(chart, "linkerd"), "--kube-version", "1.36.3", "--values", "-"]
    text = json.dumps(values)
    return subprocess.run([*command, *flags, *more], input=text, capture_output=True, text=True, check=False)


def rendered(chart: str, values: Mapping[str, object]) -> str:
    seen = helm(chart, values)
    assert seen.returncode == 0, seen.stderr
    return seen.stdout


def objects(chart: str, values: Mapping[str, object]) -> dict[str, Json]:
    found = [mapping(each) for each in yaml.safe_load_all(rendered(chart, values)) if each]
    return {f"{each['kind']}/{mapping(each['metadata'])['name']}": each for each in found}
