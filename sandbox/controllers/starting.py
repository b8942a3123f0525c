"""The process in which both controllers run next to a sandbox with the double of AWS."""

import os
import sys

from sandbox.aws import process
from sandbox.aws.wanted import Account
from sandbox.paths import Home
from sandbox.processes import running, start

NAME = "aws-controllers"
CHOICE = "SANDBOX_CONTROLLERS"
"""Variable that keeps the process from starting, if it is `none`: somebody else simulates them."""


def up(home: Home, account: Account) -> None:
    """Start them unless they run: without them no Ingress gets an address, and none that has one is ever deleted."""
    if os.environ.get(CHOICE) == "none" or running(home, NAME):
        return
    command = [sys.executable, "-m", "sandbox.controllers", str(home.folder), account.cluster, account.region]
    command += [account.role] if account.role else []
    start(home, NAME, command, process.environment())
