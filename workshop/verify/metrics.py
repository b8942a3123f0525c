"""What the proxies count themselves: their metrics, and by how much these grew between two looks."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from prometheus_client.parser import text_string_to_metric_families

from clients.cluster_api import ClusterApi
from workshop.verify.asking import ADMIN_PORT, PodDoor
from workshop.verify.pods import Pod

AT_ONCE = 8
STARTED = "process_start_time_seconds"
CERTIFICATE_ENDS = "control_identity_cert_expiration_timestamp_seconds"
FORMERLY = "identity_cert_expiration_timestamp_seconds"
"""The same of older proxies."""
ROUTED = "outbound_http_route_backend_response_statuses_total"
"""Responses by the Service that was called (`parent_*`), the one that answered (`backend_*`) and `http_status`."""
ANSWERED = "response_total"
"""Responses by `direction`, `classification` and what the answering pod belongs to (`dst_deployment`)."""
READ = (STARTED, CERTIFICATE_ENDS, FORMERLY, ROUTED, ANSWERED)

Labels = Mapping[str, str]
Wanted = Callable[[Labels], bool]


class Scrape:
    """One proxy's metrics at one moment."""

    def __init__(self, text: str) -> None:
        # Most of the text is histograms, and the parser is slow.
        lines = "".join(f"{line}\n" for line in text.splitlines() if line.startswith(READ))
        self._samples = [sample for family in text_string_to_metric_families(lines) for sample in family.samples]

    def total(self, name: str, wanted: Wanted = lambda _labels: True) -> float:
        """Return the sum of a metric over the series whose labels are wanted; 0 if there is none."""
        return sum(each.value for each in self._samples if each.name == name and wanted(each.labels))

    @property
    def certificate_ends(self) -> float | None:
        """When the proxy's certificate ends, in seconds since 1970; None if the proxy does not tell."""
        return next((each.value for each in self._samples if each.name in (CERTIFICATE_ENDS, FORMERLY)), None)


Scrapes = Mapping[str, Scrape]
"""By the pod's full name."""


def scrape(api: ClusterApi, pod: Pod) -> Scrape:
    """Return a pod's proxy's metrics. Raises UnreachableError."""
    with PodDoor(api, pod, ADMIN_PORT) as door:
        return Scrape(door.ask("/metrics").text)


def scrape_all(api: ClusterApi, pods: Sequence[Pod]) -> dict[str, Scrape]:
    """Return the metrics of all `pods`. Raises UnreachableError."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = pool.map(partial(scrape, api), pods)
        return {pod.full_name: metrics for pod, metrics in zip(pods, found, strict=True)}


def growth(before: Scrapes, after: Scrapes, name: str, wanted: Wanted) -> int:
    """Return by how much a counter grew over all pods of both; a proxy that restarted in between began at 0."""
    grown = 0.0
    for pod, now in after.items():
        then = before.get(pod)
        same = then is not None and then.total(STARTED) == now.total(STARTED)
        grown += now.total(name, wanted) - (then.total(name, wanted) if then and same else 0)
    return round(grown)
