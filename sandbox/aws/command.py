"""The command `aws` on the sandbox: it logs in to the cluster that is the sandbox, and does nothing else."""

import argparse
import configparser
import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from typing import NoReturn

from typing_extensions import override

from model.json_values import mapping
from sandbox import paths
from sandbox.console import SandboxError
from sandbox.ports import LOOPBACK

FAILED = 255
ONLY = "on the sandbox `aws` answers only `aws eks get-token --cluster-name <cluster>`, which kubeconfigs call"


class Parser(argparse.ArgumentParser):
    """Reports an error in one sentence."""

    @override
    def error(self, message: str) -> NoReturn:
        """Raise it."""
        raise SandboxError(f"{message}: {ONLY}")


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line of `aws eks get-token`."""
    if list(arguments[:2]) != ["eks", "get-token"]:
        raise SandboxError(f"{' '.join(arguments[:2]) or 'nothing'} is asked for: {ONLY}")
    parser = Parser(prog="aws", add_help=False)
    parser.add_argument("--cluster-name", required=True)
    for option in ("--region", "--role-arn", "--profile", "--output"):
        parser.add_argument(option)
    return parser.parse_args(arguments[2:])


def credential(chosen: argparse.Namespace) -> dict[str, object]:
    """Return the answer to a client of the cluster: the certificate and the key of the sandbox's administrator."""
    home = paths.home()
    check_profile(chosen.profile)
    region = chosen.region or os.environ.get("AWS_REGION") or ""
    ask(home, {"cluster": chosen.cluster_name, "region": region, "role": chosen.role_arn or ""})
    pair = {"clientCertificateData": "admin.crt", "clientKeyData": "admin.key"}
    status = {key: (home.certificates / file).read_text(encoding="ascii") for key, file in pair.items()}
    asked = mapping(json.loads(os.environ.get("KUBERNETES_EXEC_INFO") or "{}")).get("apiVersion")
    version = asked or "client.authentication.k8s.io/v1beta1"
    return {"kind": "ExecCredential", "apiVersion": version, "spec": {}, "status": status}


def check_profile(name: str | None) -> None:
    """Raise if the configuration has no such profile."""
    found = configparser.ConfigParser(interpolation=None)
    found.read(os.environ.get("AWS_CONFIG_FILE", os.devnull), encoding="utf-8")
    if name and not {name, f"profile {name}"} & set(found.sections()):
        raise SandboxError(f"The config profile ({name}) could not be found")


def ask(home: paths.Home, question: dict[str, str]) -> None:
    """Ask the double whether this login would succeed; raises with the reason if not."""
    try:
        port = home.aws_port.read_text(encoding="ascii")
        address = f"http://{LOOPBACK}:{port}/sandbox/login?{urllib.parse.urlencode(question)}"
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address, timeout=30).close()
    except urllib.error.HTTPError as refusal:
        raise SandboxError(str(mapping(json.loads(refusal.read())).get("message"))) from None
    except OSError:
        message = "the double of AWS does not run: any command with ON_SANDBOX=1 starts it, such as `make preview`"
        raise SandboxError(message) from None


def main() -> int:
    """Print the credential, or on standard error why there is none."""
    try:
        answer = json.dumps(credential(parse(sys.argv[1:])))
    except (SandboxError, OSError) as failure:
        sys.stderr.write(f"aws (the sandbox's): {failure}\n")
        return FAILED
    sys.stdout.write(f"{answer}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
