"""The measurement that decides about a canary: the share of its clients' requests that it answers without an error."""

from typing import NotRequired, TypedDict

from pulumi import Input, Output, ResourceOptions

from components.resources.analysis_template import AnalysisTemplate, AnalysisTemplateSpec

WHOLE = 100


class CanaryAnalysis(TypedDict):
    """The measurement that decides about a canary."""

    prometheus: Input[str]
    """The URL of the Prometheus that has the proxies' metrics; the controller has to be let in."""
    success_percent: NotRequired[int]
    """The percentage of requests to the canary that have to succeed; 95 if left out."""


def success_rate(
    name: str, service: Output[str], namespace: Input[str], analysis: CanaryAnalysis, opts: ResourceOptions
) -> Output[str]:
    """Create the AnalysisTemplate of the canary behind `service`; return its name."""
    backend = Output.concat('backend_namespace="', namespace, '",backend_name="', service, '"')
    template = AnalysisTemplate(
        f"{name}-analysis",
        {"name": "success-rate", "namespace": namespace, "spec": _measurement(backend, analysis)},
        opts,
    )
    return template.template


def _measurement(backend: Output[str], analysis: CanaryAnalysis) -> AnalysisTemplateSpec:
    """Return the measurement of the canary's success rate by its clients' proxies."""
    least = analysis.get("success_percent", 95) / WHOLE
    return {
        "metrics": [
            {
                "name": "success-rate",
                "interval": "10s",
                "initialDelay": "20s",
                "failureLimit": 1,
                # Nothing is no failure: a canary that nobody asked.
                "successCondition": f"len(result) == 0 || isNaN(result[0]) || result[0] >= {least}",
                "provider": {"prometheus": {"address": analysis["prometheus"], "query": backend.apply(_success_rate)}},
            }
        ]
    }


def _success_rate(backend: str) -> str:
    """Return the query for the share of requests that the `backend` of a route answered with neither 4xx nor 5xx."""
    total = "outbound_http_route_backend_response_statuses_total"
    succeeded, all_of_them = (
        f"sum(rate({total}{{{each}}}[30s]))" for each in (f'{backend},http_status=~"[1-3].."', backend)
    )
    # A 4xx counts, unlike in Linkerd's own success rate: a version that has lost a path answers 404.
    # Without a single success there is no such series, and the quotient would be nothing instead of 0.
    return f"({succeeded} or vector(0)) / {all_of_them}"
