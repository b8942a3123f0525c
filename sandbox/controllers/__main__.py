"""`python -m sandbox.controllers HOME CLUSTER REGION [ROLE]`: run both and EKS' webhook until the process ends."""

import sys
import threading
from pathlib import Path

from sandbox import api_client
from sandbox.aws import process
from sandbox.controllers.aws import connect
from sandbox.controllers.external_dns import ExternalDns
from sandbox.controllers.load_balancer_controller import LoadBalancerController
from sandbox.controllers.pod_identity import PodIdentity
from sandbox.controllers.running import working
from sandbox.paths import Home


def main() -> None:
    """Work on the sandbox in a folder."""
    home, cluster, region = Home(Path(sys.argv[1])), sys.argv[2], sys.argv[3]
    api, aws = api_client.connect(home), connect(region, process.endpoint(home), *sys.argv[4:])
    simulated = (PodIdentity, LoadBalancerController, ExternalDns)
    with working([each(api, aws, cluster).step for each in simulated]):
        threading.Event().wait()


if __name__ == "__main__":
    main()
