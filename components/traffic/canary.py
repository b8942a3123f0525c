"""A canary: a new version gets its share of the requests step by step, and none if it turns out to be bad."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_kubernetes.core.v1 import Service, ServiceAccount

from components.delivery.argo_rollouts import PLUGIN
from components.resources.analysis_template import AnalysisTemplate, AnalysisTemplateSpec
from components.resources.http_route import HttpRoute, HttpRouteSpec, service_parent
from components.resources.rollout import CanaryStep, CanaryStrategy, Rollout, RolloutSpec, pod_template
from components.resources.workload import SKIP_AWAIT, WorkloadArgs
from model.names import RouteApi

WHOLE = 100
SUCCESS_RATE = "success-rate"
LEAST = 0.95
"""The smallest share of successful requests of a canary that is not aborted."""


class CanaryArgs(TypedDict):
    """Inputs of a Canary."""

    workload: WorkloadArgs
    """The app; a change of its pods is a new version."""
    port: int
    """The port that the app listens on and its Services offer."""
    rollout: str
    """The Rollout's name."""
    route: str
    """The HTTPRoute's name."""
    weights: Sequence[int]
    """The canary's share at each step, 0 to 100; after the last one it gets all."""
    pause_seconds: int
    """The time between two steps."""
    prometheus: Input[str] | None
    """The Prometheus with the proxies' metrics, which admits the controller. They decide whether a canary is aborted.

    Without it no canary is aborted.
    """


class Canary(ComponentResource):
    """An app whose new versions come step by step: for meshed clients of its Service, since their proxies split."""

    service: Output[str]
    """The name of the Service that clients call."""

    def __init__(self, name: str, args: CanaryArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:traffic:Canary", name, {}, opts)
        child = ResourceOptions(parent=self)
        app, namespace = args["workload"]["name"], args["workload"]["namespace"]
        account = ServiceAccount(
            f"{name}-account",
            metadata={"name": app, "namespace": namespace, "labels": _labels(args)},
            automount_service_account_token=False,
            opts=child,
        )
        services = {role: self._service(name, role, args) for role in ("", "stable", "canary")}
        self.service = services[""]
        route = HttpRoute(
            f"{name}-route",
            {"name": args["route"], "namespace": namespace, "api": RouteApi.GATEWAY, "spec": _split(services, args)},
            # From then on the plugin owns the rules. A list has one owner, and no path leads to the weights alone.
            ResourceOptions(parent=self, ignore_changes=["spec.rules"]),
        )
        strategy = _strategy(services, args)
        if prometheus := args["prometheus"]:
            template = self._analysis(name, services["canary"], namespace, prometheus)
            strategy["analysis"] = {"templates": [{"templateName": template}]}
        Rollout(
            f"{name}-rollout",
            {
                "name": args["rollout"],
                "namespace": namespace,
                "spec": _rollout(args, account.metadata["name"], strategy),
            },
            # The controller marks a Rollout without its route as invalid, and looks again only after minutes.
            ResourceOptions(parent=self, depends_on=[route]),
        )
        self.register_outputs({"service": self.service})

    def _service(self, name: str, role: str, args: CanaryArgs) -> Output[str]:
        """Create the Service that clients call, or the one of a `role` whose selector the controller narrows."""
        workload = args["workload"]
        service = Service(
            f"{name}-{role}-service" if role else f"{name}-service",
            metadata={
                "name": f"{workload['name']}-{role}" if role else workload["name"],
                "namespace": workload["namespace"],
                "labels": _labels(args),
                "annotations": SKIP_AWAIT,
            },
            spec={
                "selector": {"app": workload["name"]},
                "ports": [{"name": "service", "port": args["port"]}],
            },
            # The controller adds the hash of a version. A selector has one owner, so there is no path to its key.
            opts=ResourceOptions(parent=self, ignore_changes=["spec.selector"] if role else None),
        )
        return service.metadata["name"]

    def _analysis(self, name: str, service: Output[str], namespace: Input[str], url: Input[str]) -> Output[str]:
        """Create the AnalysisTemplate of the canary behind `service`; return its name."""
        backend = Output.concat('backend_namespace="', namespace, '",backend_name="', service, '"')
        template = AnalysisTemplate(
            f"{name}-analysis",
            {"name": SUCCESS_RATE, "namespace": namespace, "spec": _measurement(backend, url)},
            ResourceOptions(parent=self),
        )
        return template.urn.apply(lambda _: SUCCESS_RATE)


def _labels(args: CanaryArgs) -> Mapping[str, str]:
    return {"app": args["workload"]["name"], "app.kubernetes.io/part-of": args["workload"]["part_of"]}


def _split(services: Mapping[str, Output[str]], args: CanaryArgs) -> HttpRouteSpec:
    """Return the route's spec as it is between two canaries."""
    return {
        "parentRefs": [service_parent(services[""], args["port"])],
        "rules": [
            {
                "backendRefs": [
                    {"name": services["stable"], "port": args["port"], "weight": WHOLE},
                    {"name": services["canary"], "port": args["port"], "weight": 0},
                ]
            }
        ],
    }


def _strategy(services: Mapping[str, Output[str]], args: CanaryArgs) -> CanaryStrategy:
    steps = list[CanaryStep]()
    for weight in args["weights"]:
        steps.extend([{"setWeight": weight}, {"pause": {"duration": args["pause_seconds"]}}])
    route = {"httpRoute": args["route"], "namespace": args["workload"]["namespace"]}
    return {
        "canaryService": services["canary"],
        "stableService": services["stable"],
        "trafficRouting": {"plugins": {PLUGIN: route}},
        "steps": steps,
    }


def _rollout(args: CanaryArgs, account: Input[str], strategy: CanaryStrategy) -> RolloutSpec:
    workload = args["workload"]
    return {
        "replicas": workload["replicas"],
        "revisionHistoryLimit": 2,
        "selector": {"matchLabels": {"app": workload["name"]}},
        "template": pod_template({**workload, "port": args["port"]}, _labels(args), account),
        "strategy": {"canary": strategy},
    }


def _measurement(backend: Output[str], prometheus: Input[str]) -> AnalysisTemplateSpec:
    """Return the measurement of the canary's success rate by its clients' proxies."""
    return {
        "metrics": [
            {
                "name": SUCCESS_RATE,
                "interval": "10s",
                "initialDelay": "20s",
                "failureLimit": 1,
                # No result is no failure: the canary has had no request yet.
                "successCondition": f"len(result) == 0 || isNaN(result[0]) || result[0] >= {LEAST}",
                "provider": {"prometheus": {"address": prometheus, "query": backend.apply(_success_rate)}},
            }
        ]
    }


def _success_rate(backend: str) -> str:
    """Return the query for the share of requests that the `backend` of a route answered with neither 4xx nor 5xx."""
    total = "outbound_http_route_backend_response_statuses_total"
    succeeded, all_of_them = (
        f"sum(rate({total}{{{each}}}[30s]))" for each in (f'{backend},http_status=~"[1-3].."', backend)
    )
    # A 4xx is a failure, unlike in Linkerd's own success rate: a version that has lost a path answers 404.
    # Without any success the first series does not exist, and the query would have no result instead of 0.
    return f"({succeeded} or vector(0)) / {all_of_them}"
