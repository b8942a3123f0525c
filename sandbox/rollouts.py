"""The Argo Rollouts controller beside the sandbox's control plane, so that a canary there moves real weights.

It runs as a program of this machine and reads a configuration of its own: the one of a stack names a file in a
container that nobody starts here.
"""

import os
import time
from pathlib import Path

from sandbox import ports, tools
from sandbox.api_client import ApiClient
from sandbox.console import say
from sandbox.failure import SandboxError
from sandbox.paths import Home
from sandbox.processes import last_line, running, start

CONTROLLER = "rollouts-controller"
NAMESPACE = "kube-system"
PLUGIN = "argoproj-labs/gatewayAPI"
START_SECONDS = 30.0
POLL_SECONDS = 0.1
STARTED = "Starting Controllers"


def up(home: Home) -> None:
    """Start the controller; harmless if it runs. The plugin is the file that GATEWAYAPI_PLUGIN names, else a double."""
    chosen = ports.recorded(home)
    if chosen is None:
        message = "the sandbox does not run: start it with `make sandbox`."
        raise SandboxError(message)
    if running(home, CONTROLLER):
        say("the Argo Rollouts controller runs already")
        return
    found = tools.find(tools.CANARY)
    given = os.environ.get("GATEWAYAPI_PLUGIN")
    configure(ApiClient(chosen.api, home.certificates), Path(given) if given else found[tools.PLUGIN_DOUBLE])
    environment = {**os.environ, "KUBECONFIG": str(home.kubeconfig), "POD_NAMESPACE": NAMESPACE}
    start(home, CONTROLLER, command(found[CONTROLLER], home), environment)
    wait(home)
    say(f"the Argo Rollouts controller runs (plugin: {given or 'double'})")


def configure(client: ApiClient, plugin: Path) -> None:
    """Write the controller's configuration, which names the plugin."""
    routers = f"- name: {PLUGIN}\n  location: file://{plugin.resolve()}\n"
    name = "argo-rollouts-config"
    configuration = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name},
        "data": {"trafficRouterPlugins": routers},
    }
    client.apply(f"/api/v1/namespaces/{NAMESPACE}/configmaps/{name}", configuration)


def command(program: Path, home: Home) -> list[str]:
    """The command line; ports that nobody asks for are any that are free."""
    return [
        str(program),
        f"--kubeconfig={home.kubeconfig}",
        "--leader-elect=false",
        "--metricsPort=0",
        "--healthzPort=0",
        "--loglevel=info",
    ]


def wait(home: Home) -> None:
    """Wait until the controller works; raises with its last line if it ends or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    log = home.logs / f"{CONTROLLER}.log"
    while STARTED not in log.read_text(encoding="utf-8", errors="replace"):
        if running(home, CONTROLLER) is None or time.monotonic() > deadline:
            message = f"the Argo Rollouts controller does not start: {last_line(home, CONTROLLER)} (log: {log})."
            raise SandboxError(message)
        time.sleep(POLL_SECONDS)
