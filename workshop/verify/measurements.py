"""The proxies' own metrics, and exact binomial tests of the shares that they count."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from math import sqrt
from typing import NamedTuple

from prometheus_client.parser import text_string_to_metric_families
from scipy.stats import binom, binomtest

from clients.cluster_api import ClusterApi
from workshop.verify.objects import Pod
from workshop.verify.traffic import ADMIN_PORT, PodDoor

AT_ONCE = 8
STARTED = "process_start_time_seconds"
CERTIFICATE_ENDS = "control_identity_cert_expiration_timestamp_seconds"
ROUTED = "outbound_http_route_backend_response_statuses_total"
"""Responses by the Service that was called (`parent_*`), the one that answered (`backend_*`) and `http_status`."""
ANSWERED = "response_total"
"""Responses by `direction`, `classification` and what the answering pod belongs to (`dst_deployment`)."""
READ = (STARTED, CERTIFICATE_ENDS, ROUTED, ANSWERED)

Labels = Mapping[str, str]
Wanted = Callable[[Labels], bool]


class Scrape:
    """A proxy's metrics at one moment."""

    def __init__(self, text: str) -> None:
        # Most of the text is histograms, and the parser is slow.
        lines = "".join(f"{line}\n" for line in text.splitlines() if line.startswith(READ))
        self._samples = [sample for family in text_string_to_metric_families(lines) for sample in family.samples]

    def total(self, name: str, wanted: Wanted = lambda _labels: True) -> float:
        """Return the sum of a metric over the series with wanted labels; 0 if there is none."""
        return sum(each.value for each in self._samples if each.name == name and wanted(each.labels))

    @property
    def certificate_ends(self) -> float | None:
        """When the proxy's certificate ends, in seconds since 1970; None if the proxy has no such metric."""
        return next((each.value for each in self._samples if each.name == CERTIFICATE_ENDS), None)


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
    """Return a counter's growth over all pods; a proxy that restarted in between began at 0."""
    grown = 0.0
    for pod, now in after.items():
        then = before.get(pod)
        same = then is not None and then.total(STARTED) == now.total(STARTED)
        grown += now.total(name, wanted) - (then.total(name, wanted) if then and same else 0)
    return round(grown)


FALSE_ALARM = 0.001
"""The highest probability of a false alarm of one test. A run has a few tests: together they stay below 1 %."""
POWER = 0.99
"""The lowest probability with which a test notices a share that is off by `deviation`."""
METHOD = "exact 99.9 % interval"
"""The interval's name in messages; it follows from FALSE_ALARM."""
STEP = 100
"""Numbers of requests are multiples of this."""
RARE = 0.01
"""The share of exceptions to notice where no request, or every request, has to fail."""


class Interval(NamedTuple):
    """The bounds of the true share, from 0 to 1."""

    low: float
    high: float

    def __str__(self) -> str:
        """Return it in percent."""
        return f"{100 * self.low:.1f} to {100 * self.high:.1f} %"


def interval(hits: int, total: int) -> Interval:
    """Return the confidence interval of a share of which `hits` of `total` (at least 1) were seen."""
    low, high = binomtest(hits, total).proportion_ci(1 - FALSE_ALARM, method="exact")
    return Interval(float(low), float(high))


def fits(hits: int, total: int, share: float) -> bool:
    """Return whether the interval of `hits` of `total` (at least 1) contains the share, 0 to 1."""
    fewest, most = _expected(share, total)
    return fewest <= hits <= most


def deviation(share: float) -> float:
    """Return the deviation of a share to notice: 4 points at 10 %, 6.7 at 50 %, 1 at 0 and 100 %."""
    return max(RARE, sqrt(share * (1 - share)) * 4 / 30)


@cache
def requests_needed(share: float, coarseness: float = 1) -> int:
    """Return the number of requests that notice, with `POWER`, a share off by `coarseness` times `deviation`."""
    total, others = STEP, _others(share, coarseness * deviation(share))
    while any(_noticed(other, share, total) < POWER for other in others):
        total += STEP
    return total


def _others(share: float, off: float) -> list[float]:
    """Return the nearest shares to distinguish from this one: one above and one below, within 0 and 1."""
    return [other for other in (max(0.0, share - off), min(1.0, share + off)) if other != share]


def _noticed(true: float, share: float, total: int) -> float:
    """Return the probability that the test rejects `share` where the share is `true`."""
    fewest, most = _expected(share, total)
    return float(binom.cdf(fewest - 1, total, true) + binom.sf(most, total, true))


@cache
def _expected(share: float, total: int) -> tuple[float, float]:
    """Return the fewest and the most hits whose interval contains `share`."""
    tail = FALSE_ALARM / 2
    return float(binom.ppf(tail, total, share)), float(binom.isf(tail, total, share))
