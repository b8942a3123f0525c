"""progressive-delivery: a new version of podinfo gets its requests step by step, and a client that shows it."""

from pulumi import ComponentResource, Input, Output, ResourceOptions

from components.demos.hosted import Backend, HostedDemoArgs, open_host
from components.resources.workload import NOBODY, Workload, WorkloadArgs, app_workload
from components.traffic.canary import Canary
from versions import CANARY_REPOSITORY, CURL_IMAGE

PART_OF, APP, ROLLOUT, ROUTE = "progressive-delivery", "podinfo", "rollouts-demo", "argo-rollouts-http-route"
PUBLISHED_FOR = "amd64"
PORT = 9898
WEIGHTS = (30, 40, 60, 80)
PAUSE_SECONDS = 10
PODINFO_USER = 100
ASKING = f"""\
trap 'exit 0' TERM
while :; do
  answer=$(curl --silent --show-error --fail --max-time 2 http://{APP}:{PORT}/version)
  version=$(echo "$answer" | sed -n 's/.*"version": "\\([^"]*\\)".*/\\1/p')
  echo "$(date +%T) ${{version:-failed}}"
  sleep 0.5
done
"""
"""The client: two requests a second, and each answer's version as a line of its log."""


class ProgressiveDeliveryArgs(HostedDemoArgs):
    """Inputs of a ProgressiveDelivery; its host's load balancer is not meshed, and sends requests to all pods alike."""

    version: str
    """podinfo's version; another one starts a canary."""
    random_errors: bool
    """True if this version answers one request in three with an error, for an analysis to find."""
    prometheus: Input[str] | None
    """The Prometheus whose metrics decide whether a canary is aborted; without it none is."""


class ProgressiveDelivery(ComponentResource):
    """The demo of a canary."""

    url: Output[str]
    """The app's URL; the command that shows which versions answer the client where it has no public host."""

    def __init__(self, name: str, args: ProgressiveDeliveryArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:demos:ProgressiveDelivery", name, {}, opts)
        child = ResourceOptions(parent=self)
        canary = Canary(
            f"{name}-canary",
            {
                "workload": _podinfo(args),
                "port": PORT,
                "rollout": ROLLOUT,
                "route": ROUTE,
                "weights": WEIGHTS,
                "pause_seconds": PAUSE_SECONDS,
                "prometheus": args["prometheus"],
            },
            child,
        )
        client: WorkloadArgs = {
            **app_workload("client", PART_OF, CURL_IMAGE, args),
            "arguments": ["sh", "-c", ASKING],
            "user": NOBODY,
            "read_only": True,
        }
        Workload(f"{name}-client", client, child)
        app: Backend = {"name": APP, "service": canary.service, "port": PORT, "health_path": "/healthz"}
        command = Output.concat("kubectl -n ", args["namespace"], " logs deployment/client --follow")
        self.url = open_host(f"{name}-host", args, app, command, child)
        self.register_outputs({"url": self.url})


def _podinfo(args: ProgressiveDeliveryArgs) -> WorkloadArgs:
    workload: WorkloadArgs = {
        **app_workload(APP, PART_OF, f"{CANARY_REPOSITORY}:{args['version']}", args),
        "port": PORT,
        "readiness_path": "/readyz",
        "replicas": 2,
        "user": PODINFO_USER,
        "read_only": True,
        "architecture": PUBLISHED_FOR,
    }
    return {**workload, "arguments": ["./podinfo", "--random-error"]} if args["random_errors"] else workload
