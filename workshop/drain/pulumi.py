"""The Pulumi CLI, for a stack."""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter

from clients import limits
from clients.pulumi_cli import pulumi
from model.json_values import entries, text
from model.problem import InputError, Problem

INGRESS = "kubernetes:networking.k8s.io/v1:Ingress"
_STATE = TypeAdapter(dict[str, object])


@dataclass(frozen=True)
class Pulumi:
    """One stack's."""

    stack: str

    def run(self, *arguments: str, environment: Mapping[str, str] | None = None) -> int:
        """Run a command in the operator's terminal; return its exit status."""
        variables = {**os.environ, **(environment or {})}
        return subprocess.run(pulumi(self.stack, *arguments), env=variables, check=False).returncode  # noqa: S603  no shell

    def ingresses(self) -> list[str]:
        """Return the URNs of the stack's Ingresses. Raises InputError if the CLI does not tell."""
        command = pulumi(self.stack, "stack", "export", seconds=limits.SECONDS)
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, errors="replace", check=False)  # noqa: S603  as above
        try:
            state = _STATE.validate_python(json.loads(done.stdout)) if done.returncode == 0 else None
        except (ValueError, RecursionError):
            state = None
        if state is None:
            found, cure = (
                "the Pulumi CLI tells no state of it",
                f"Log in to its backend, and see `pulumi stack -s {self.stack}`.",
            )
            raise InputError([Problem(f"stack {self.stack}", found, "what is to go stands there", cure)])
        resources = entries(state, "deployment", "resources")
        return [text(each, "urn") for each in resources if text(each, "type") == INGRESS]
