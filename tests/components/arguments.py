"""Arguments of components that tests create alone: of demos as a stack without settings has them."""

from components.demos.booksapp import BooksappArgs
from components.demos.hosted import HostedDemoArgs
from components.demos.podinfo import PodinfoArgs
from components.demos.progressive_delivery import ProgressiveDeliveryArgs
from components.resources.workload import AppArgs
from components.traffic.hosts import Exposure
from model.failure_accrual import JITTER_RATIO, MAX_FAILURES, MAX_PENALTY, MIN_PENALTY, FailureAccrual
from model.names import ForwardedHeader, RouteApi, Scheme

EXPOSURE: Exposure = {
    "ingress_class": "alb",
    "group": "workshop",
    "scheme": Scheme.INTERNET_FACING,
    "inbound_cidrs": None,
    "https": False,
    "certificate_arn": None,
    "served_by": [],
}
APP: AppArgs = {"namespace": "shop", "image_registry": None, "pod_annotations": {}}
HOSTED: HostedDemoArgs = {**APP, "host": None, "exposure": EXPOSURE}
BOOKSAPP: BooksappArgs = {
    **HOSTED,
    "fault_percent": 10,
    "authors_failure_rate": 0,
    "webapp_replicas": 3,
    "route_api": RouteApi.GATEWAY,
}
PODINFO: PodinfoArgs = {
    **HOSTED,
    "header": ForwardedHeader.REQUEST_ID,
    "header_value": "alternative",
    "route_api": RouteApi.GATEWAY,
}
CANARY: ProgressiveDeliveryArgs = {**HOSTED, "version": "1.7.0", "random_errors": False, "prometheus": None}
BREAKER: FailureAccrual = {
    "max_failures": MAX_FAILURES,
    "min_penalty": MIN_PENALTY,
    "max_penalty": MAX_PENALTY,
    "jitter_ratio": JITTER_RATIO,
}
