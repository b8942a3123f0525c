"""The Argo Rollouts controller beside the sandbox's control plane, so that a canary there moves real weights.

It runs as a process on this machine and reads its own configuration: a stack's configuration names a file in a
container, and no container runs here.
"""

import os
import time
from collections.abc import Mapping
from pathlib import Path

from sandbox import tools
from sandbox.api_client import ApiClient, connect
from sandbox.console import SandboxError, say
from sandbox.paths import Home
from sandbox.processes import last_line, running, start
from sandbox.tools import CANARY, PLUGIN_DOUBLE, ROLLOUTS_CONTROLLER

NAMESPACE = "kube-system"
PLUGIN = "argoproj-labs/gatewayAPI"
START_SECONDS = 120.0
POLL_SECONDS = 0.1
STARTED = "Starting Controllers"


def up(home: Home) -> None:
    """Start the controller; harmless if it runs."""
    client = connect(home)
    if running(home, ROLLOUTS_CONTROLLER):
        say("the Argo Rollouts controller runs already")
        return
    found = tools.find(CANARY)
    used = plugin(found)
    configure(client, used)
    environment = {**os.environ, "KUBECONFIG": str(home.kubeconfig), "POD_NAMESPACE": NAMESPACE}
    start(home, ROLLOUTS_CONTROLLER, command(found[ROLLOUTS_CONTROLLER], home), environment)
    wait(home)
    say(f"the Argo Rollouts controller runs (plugin: {used})")


def plugin(found: Mapping[str, Path]) -> Path:
    """Return the plugin's file: the one that GATEWAYAPI_PLUGIN names, else the double among the tools found."""
    given = os.environ.get("GATEWAYAPI_PLUGIN")
    file = Path(given).expanduser() if given else found[PLUGIN_DOUBLE]
    if given and not file.is_file():
        raise SandboxError(
            f"GATEWAYAPI_PLUGIN names {given}, which is no file: correct it, or unset it to use the double."
        )
    return file


def configure(client: ApiClient, file: Path) -> None:
    """Write the controller's configuration, which names the plugin."""
    routers = f"- name: {PLUGIN}\n  location: file://{file.resolve()}\n"
    name = "argo-rollouts-config"
    content = {"metadata": {"name": name}, "data": {"trafficRouterPlugins": routers}}
    path = f"/api/v1/namespaces/{NAMESPACE}/configmaps/{name}"
    client.apply(path, {"apiVersion": "v1", "kind": "ConfigMap", **content})


def command(program: Path, home: Home) -> list[str]:
    """The command line; ports that nobody asks for are any that are free."""
    ports = ["--metricsPort=0", "--healthzPort=0"]
    return [str(program), f"--kubeconfig={home.kubeconfig}", "--leader-elect=false", *ports, "--loglevel=info"]


def wait(home: Home) -> None:
    """Wait until the controller works; raises with its last line if it ends or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    log = home.logs / f"{ROLLOUTS_CONTROLLER}.log"
    while STARTED not in log.read_text(encoding="utf-8", errors="replace"):
        if running(home, ROLLOUTS_CONTROLLER) is None or time.monotonic() > deadline:
            raise SandboxError(
                f"the Argo Rollouts controller does not start: {last_line(home, ROLLOUTS_CONTROLLER)} (log: {log})."
            )
        time.sleep(POLL_SECONDS)
