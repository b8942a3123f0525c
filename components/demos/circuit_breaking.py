"""Circuit breaking: a client, and one Service whose one pod always answers and whose other always fails."""

from pulumi import ComponentResource, Output, ResourceOptions
from pulumi_kubernetes.core.v1 import Service

from components.resources.workload import NOBODY, SKIP_AWAIT, AppArgs, Workload, WorkloadArgs, app_workload
from model.failure_accrual import FailureAccrual, checked
from versions import BB_IMAGE, SLOW_COOKER_IMAGE

PART_OF, BB, CLIENT = "circuit-breaking", "bb", "slow-cooker"
PORT = 8080
PUBLISHED_FOR = "amd64"
MODE = "balancer.linkerd.io/failure-accrual"
"""Annotation by which the proxies of a Service's clients take a failing endpoint out."""


class CircuitBreakingArgs(AppArgs):
    """Inputs of a CircuitBreaking."""

    breaker: FailureAccrual | None
    """The breaker of the Service."""


class CircuitBreaking(ComponentResource):
    """The demo of circuit breaking."""

    command: Output[str]
    """The command that shows every ten seconds how many of the client's requests went well and how many badly."""

    def __init__(self, name: str, args: CircuitBreakingArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:demos:CircuitBreaking", name, {}, opts)
        child = ResourceOptions(parent=self)
        Service(
            f"{name}-service",
            metadata={
                "name": BB,
                "namespace": args["namespace"],
                "labels": {"app": BB, "app.kubernetes.io/part-of": PART_OF},
                "annotations": {**SKIP_AWAIT, **circuit_breaker(args["breaker"])},
            },
            spec={"selector": {"app": BB}, "ports": [{"name": "http", "port": PORT}]},
            opts=child,
        )
        for workload in _workloads(args):
            Workload(f"{name}-{workload['name']}", workload, child)
        self.command = Output.concat("kubectl -n ", args["namespace"], f" logs deploy/{CLIENT} -c service -f")
        self.register_outputs({"command": self.command})


def _workloads(args: CircuitBreakingArgs) -> list[WorkloadArgs]:
    """Return the two pods behind the Service, and the client, whose proxy is the one that breaks the circuit."""
    good = ["terminus", f"--h1-server-port={PORT}"]
    bad = [*good, "--percent-failure=100"]
    client = ["-qps", "10", f"http://{BB}:{PORT}"]
    return [
        {**_workload("good", BB_IMAGE, good, args), "port": PORT, "behind": BB},
        {**_workload("bad", BB_IMAGE, bad, args), "port": PORT, "behind": BB},
        _workload(CLIENT, SLOW_COOKER_IMAGE, client, args),
    ]


def _workload(name: str, image: str, arguments: list[str], args: CircuitBreakingArgs) -> WorkloadArgs:
    return {
        **app_workload(name, PART_OF, image, args),
        "arguments": arguments,
        "user": NOBODY,
        "read_only": True,
        "architecture": PUBLISHED_FOR,
    }


def circuit_breaker(accrual: FailureAccrual | None) -> dict[str, str]:
    """Return the annotations of a Service with this breaker; none for None.

    Raises ValueError if Linkerd would ignore them.
    """
    if accrual is None:
        return {}
    given = {f"{MODE}-consecutive-{key.replace('_', '-')}": str(value) for key, value in checked(accrual).items()}
    return {MODE: "consecutive", **given}
