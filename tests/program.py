"""The whole program with a cluster that is only said to be there."""

import runpy
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pytest

from operations import chart_sources, startup
from operations.preflight import Facts
from tests.deployment import Deployment
from tests.engine import deploy

ROOT = Path(__file__).parents[1]
CLUSTER = Facts("uid-of-kube-system", "v1.36.3", frozenset({"alb"}))
CHARTS: chart_sources.ChartSources = {
    "linkerd_crds": {"chart": ".charts/linkerd-crds.tgz"},
    "linkerd_control_plane": {"chart": ".charts/linkerd-control-plane.tgz"},
    "gateway_api": ".charts/gateway-api-crds.tgz",
}


def run_program(
    config: Mapping[str, str] | None = None, *, preview: bool = False, cluster: Facts = CLUSTER
) -> Deployment:
    """Run `__main__.py` with `config`, whose values are what Pulumi hands over: text, with JSON for mappings."""

    def found(_: str | None, *, gateway_api: bool) -> chart_sources.ChartSources:
        return {**CHARTS, "gateway_api": CHARTS["gateway_api"] if gateway_api else None}

    def no_cluster(*_: object) -> None:
        pass

    def facts(*_: object) -> Facts:
        return cluster

    keys = {f"linkerd-workshop:{key}": value for key, value in (config or {}).items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(startup, "ClusterApi", no_cluster)
        patch.setattr(startup, "inspect", facts)
        patch.setattr(chart_sources, "find", found)
        program = partial(runpy.run_path, str(ROOT / "__main__.py"), run_name="__main__")
        return deploy(program, preview=preview, config=keys)
