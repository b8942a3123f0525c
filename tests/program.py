"""The whole program with a cluster that is only said to be there."""

import runpy
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

import pytest

from operations import chart_sources, startup
from operations.chart_sources import Part
from operations.preflight import Facts
from tests.deployment import Deployment
from tests.engine import deploy

ROOT = Path(__file__).parents[1]
CLUSTER = Facts("uid-of-kube-system", "v1.36.3", frozenset({"alb"}))


def run_program(
    config: Mapping[str, str] | None = None, *, preview: bool = False, cluster: Facts = CLUSTER
) -> Deployment:
    """Run `__main__.py` with `config`, whose values are what Pulumi hands over: text, with JSON for mappings."""

    def found(_: str | None, parts: Iterable[Part]) -> chart_sources.ChartSources:
        return {part: {"chart": f".charts/{part}.tgz"} for part in parts}

    def no_cluster(*_: object) -> None:
        pass

    def facts(*_: object) -> Facts:
        return cluster

    keys = {f"linkerd-workshop:{key}": value for key, value in (config or {}).items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(startup, "ClusterApi", no_cluster)
        patch.setattr(startup, "inspect", facts)
        patch.setattr(startup, "wait_for_rollout", no_cluster)
        patch.setattr(chart_sources, "find", found)
        program = partial(runpy.run_path, str(ROOT / "__main__.py"), run_name="__main__")
        return deploy(program, preview=preview, config=keys)
