"""The whole program with a simulated cluster."""

import json
import runpy
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

import pytest

from charts import sources
from clients.clusters import find_kubeconfig
from clients.kubeconfig import Kubeconfig
from model.charts import Part
from model.eks import EksCluster, Survey, Zone
from preflight import startup
from preflight.cluster import Facts
from settings import Settings
from tests.deployment import Deployment
from tests.engine import deploy

ROOT = Path(__file__).parents[1]
CLUSTER = Facts("uid-of-kube-system", frozenset({"alb"}))
EKS = EksCluster(
    name="workshop",
    arn="arn:aws:eks:eu-central-1:123456789012:cluster/workshop",
    region="eu-central-1",
    account="123456789012",
    partition="aws",
    version="1.36",
    endpoint="https://0123.gr7.eu-central-1.eks.amazonaws.com",
    certificate_authority="Y2E=",
    vpc_id="vpc-0123456789abcdef0",
    oidc_issuer="oidc.eks.eu-central-1.amazonaws.com/id/0123",
    created_at="2026-01-31T12:00:00+00:00",
)
ZONE = Zone("Z0123456789ABCDEFGHIJ", "example.com")

ON_EKS = {
    "eks": json.dumps({"cluster": "workshop", "region": "eu-central-1", "owner": "platform-team"}),
    "dns": json.dumps({"zone": "example.com"}),
    "publicHosts": json.dumps({"inboundCidrs": ["203.0.113.0/24"]}),
}
"""The settings of a stack on that cluster, in that zone."""


def run_program(
    config: Mapping[str, str] | None = None, *, preview: bool = False, cluster: Facts = CLUSTER, eks: EksCluster = EKS
) -> Deployment:
    """Run `__main__.py` with `config`, whose values are what Pulumi hands over: text, with JSON for mappings."""

    def found(_: str | None, parts: Iterable[Part]) -> sources.ChartSources:
        return {part: {"chart": f".charts/{part}.tgz"} for part in parts}

    def no_cluster(*_: object) -> None:
        pass

    def facts(*_: object) -> Facts:
        return cluster

    def survey(settings: Settings, _: str) -> Survey:
        return Survey(eks, ZONE if settings.dns else None) if settings.eks else Survey()

    def kubeconfig(settings: Settings, found: EksCluster | None) -> Kubeconfig:
        return (
            find_kubeconfig(settings, found) if found else Kubeconfig({}, "there", provider=settings.kubeconfig or "")
        )

    keys = {f"linkerd-workshop:{key}": value for key, value in (config or {}).items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(startup, "find_kubeconfig", kubeconfig)
        patch.setattr(startup, "ClusterApi", no_cluster)
        patch.setattr(startup, "survey_aws", survey)
        patch.setattr(startup, "inspect", facts)
        patch.setattr(startup, "wait_for_rollout", no_cluster)
        patch.setattr(startup, "wait_for_credentials", no_cluster)
        patch.setattr(sources, "find", found)
        program = partial(runpy.run_path, str(ROOT / "__main__.py"), run_name="__main__")
        return deploy(program, preview=preview, config=keys)
