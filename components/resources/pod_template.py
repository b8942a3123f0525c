"""A Workload's pods for objects that pulumi_kubernetes has no class for: where its dictionaries become its classes."""

from collections.abc import Mapping
from typing import Any

from pulumi import Input
from pulumi_kubernetes.core.v1 import PodTemplateSpecArgs
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from components.resources.workload import WorkloadArgs, pod_spec


def pod_template(workload: WorkloadArgs, labels: Mapping[str, str], account: Input[str]) -> PodTemplateSpecArgs:
    """Return the template of the pods that `workload` describes, with `account` as their ServiceAccount."""
    # PodTemplateSpecArgs accepts dictionaries, but its type does not say so.
    spec: Any = pod_spec(workload, account)
    # The controller writes a Rollout back without what is empty, and that would be drift.
    spec["containers"] = [{key: value for key, value in each.items() if value} for each in spec["containers"]]
    return PodTemplateSpecArgs(
        metadata=ObjectMetaArgs(labels=labels, annotations=workload.get("pod_annotations") or None), spec=spec
    )
