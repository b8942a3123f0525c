"""The processes of the double and of the simulated controllers: started for a stack, stopped with the sandbox."""

import json
import os
import sys
import time
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass

from model.json_values import mapping
from sandbox import paths
from sandbox.builds import hold_lock
from sandbox.console import SandboxError
from sandbox.paths import PROJECT, Home
from sandbox.ports import LOOPBACK
from sandbox.processes import last_line, running, start

NAME, CONTROLLERS = "aws", "aws-controllers"
CHOICE = "SANDBOX_CONTROLLERS"
"""Variable that keeps the controllers from starting, if it is `none`: somebody else simulates them."""
DEFAULT_ACCOUNT = "123456789012"
START_SECONDS = 180.0
POLL_SECONDS = 0.05
FIX = (
    "`make sandbox-down`, then remove the folder {}: the account is empty then: destroy its stacks first, "
    "or run `make refresh`"
)


@dataclass(frozen=True)
class Account:
    """What exists in the account before the stack."""

    cluster: str
    region: str
    zone: str | None = None
    """The name of a public hosted zone."""
    role: str | None = None
    """The ARN of a role that the stack assumes; the account is then the role's."""

    profile: str | None = None
    """A profile of the AWS CLI's configuration that the stack names."""

    @property
    def number(self) -> str:
        """The account's number."""
        return self.role.split(":")[4] if self.role else DEFAULT_ACCOUNT


def up(home: Home) -> str:
    """Start the double unless it runs; return its address."""
    home.make()
    with hold_lock(home.aws_lock, "another command starts the double of AWS"):
        if not running(home, NAME):
            home.aws_port.unlink(missing_ok=True)
            start(home, NAME, [sys.executable, "-m", "sandbox.aws", str(home.folder)], environment())
        wait(home)
    return endpoint(home)


def start_controllers(home: Home, account: Account) -> None:
    """Start them unless they run: without them no Ingress gets an address, and none that has one is ever deleted."""
    if os.environ.get(CHOICE) == "none" or running(home, CONTROLLERS):
        return
    command = [sys.executable, "-m", "sandbox.controllers", str(home.folder), account.cluster, account.region]
    start(home, CONTROLLERS, [*command, *([account.role] if account.role else [])], environment())


def environment() -> dict[str, str]:
    """Return the process's variables, without those of the user's own account."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "MOTO_"))}
    path = os.pathsep.join(filter(None, (str(PROJECT), kept.get("PYTHONPATH"))))
    if kept.pop("PYTHONDONTWRITEBYTECODE", None):
        kept.setdefault(
            "PYTHONPYCACHEPREFIX", str(paths.cache() / "bytecode")
        )  # without it every start imports for 5 s
    return kept | {"PYTHONPATH": path, "AWS_EC2_METADATA_DISABLED": "true"}


def wait(home: Home) -> None:
    """Wait until it listens; raises with its last line if it ends or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while not home.aws_port.exists():
        if running(home, NAME) is None or time.monotonic() > deadline:
            fix = FIX.format(home.aws)
            message = f"the double of AWS does not start: {last_line(home, NAME)} (log: {home.logs / NAME}.log). {fix}."
            raise SandboxError(message)
        time.sleep(POLL_SECONDS)


def endpoint(home: Home) -> str:
    """Return its address."""
    return f"http://{LOOPBACK}:{home.aws_port.read_text(encoding='ascii')}"


def ensure(home: Home, account: Account) -> None:
    """Have what an account has before the stack."""
    body = json.dumps(asdict(account)).encode()
    request = urllib.request.Request(f"{endpoint(home)}/sandbox/account", body)  # noqa: S310  our own, on loopback
    ask(request)


def ask(request: urllib.request.Request) -> bytes:
    """Send a request to the double, without any proxy. Raises SandboxError with its refusal."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=START_SECONDS) as answer:
            return bytes(answer.read())
    except urllib.error.HTTPError as refusal:
        raise SandboxError(f"the double of AWS: {reason(refusal.read())}.") from None


def reason(body: bytes) -> str:
    """Return an answer's `message`, or its text if it is not JSON."""
    try:
        return str(mapping(json.loads(body))["message"])
    except (ValueError, KeyError):
        return body.decode(errors="replace")[:300]
