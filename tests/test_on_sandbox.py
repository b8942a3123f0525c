"""With ON_SANDBOX=1 no make target and no command reaches a real cluster, account or backend."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest

from clients.aws.api import AwsApi
from clients.cluster_api import ClusterApi
from model.problem import InputError
from settings.eks import Eks
from tests.docs import COMMANDS, TARGETS
from tests.doubles import api_server, aws_server, pulumi_double
from tests.program import ROOT

ARGUMENTS = {
    **dict.fromkeys(["check-cluster", "demo", "destroy", "expiry", "forget-cluster"], "--stack {stack}"),
    **dict.fromkeys(["leftovers", "outputs", "release-hosts", "verify"], "--stack {stack}"),
    **dict.fromkeys(["reset", "teardown"], "--stack {stack} --yes"),
    **dict.fromkeys(["kind", "kind-down"], ""),
    "handouts": "--stack {stack} --folder handouts",
    "record-preview": "--stack {stack} --folder preview",
    "comment": "--stack {stack} --folder preview --commit c --run-url u --to t",
    "fill-mirror": "--folder mirror",
    "record-failure": "--folder preview --log log",
}
"""The arguments of each command of `python -m workshop`; a new one fails here until somebody decides."""
REFUSAL = "ON_SANDBOX is set and keeps every command on the sandbox"
WITHOUT_CLUSTER = {"demo", "comment", "record-failure", "fill-mirror"}
"""Commands that use neither the stack's cluster nor its account nor its backend."""
LAUNCHER = dedent(
    """
    import json, os, sys
    with open(os.environ["CALLS"], "a") as log:
        log.write(json.dumps(["sandbox", os.environ.get("ON_SANDBOX", ""), *sys.argv[1:]]) + "\\n")
    {config}
    answers = {"history": [], "output": {}, "export": {}, "preview": {}}
    print(next((json.dumps(answers[each]) for each in sys.argv if each in answers), ""))
    """
).replace("{config}", pulumi_double.SCRIPT)
"""A launcher that logs its calls and gives the settings; that it stays on the sandbox is shown by its own tests."""
PYTHON = f"""\
#!{sys.executable}
import json, os, sys
module = sys.argv[2] if sys.argv[1] == "-m" else ""
with open(os.environ["CALLS"], "a") as log:
    log.write(json.dumps(["python", module, *sys.argv[3:]]) + "\\n")
if module.split(".")[0] in ("workshop", "sandbox"):
    os.execv({sys.executable!r}, [{sys.executable!r}, *sys.argv[1:]])
"""
KNOWN_MODULES = {"uv", "workshop", "sandbox", "pytest", "ruff", "pyright", "tests"}
STRAY = """\
#!/bin/sh
echo "[\\"stray\\", \\"$(basename "$0")\\", \\"$*\\"]" >> "$CALLS"
exit 1
"""
OPERATORS_TOOLS = ("pulumi", "kubectl", "aws", "helm", "linkerd", "docker", "kind", "lint-imports", "zizmor")
EKS = """\
config:
  linkerd-workshop:eks: {cluster: workshop, region: eu-central-1, owner: me}
  linkerd-workshop:dns: {zone: example.com}
  linkerd-workshop:publicHosts: {inboundCidrs: [203.0.113.0/24]}
  linkerd-workshop:workshopEnds: "2026-01-31"
  linkerd-workshop:attendees: {count: 1}
"""


@dataclass
class Real:
    """A user's checkout with stacks on a real account and a real cluster, which log their requests."""

    folder: Path
    cluster: api_server.Cluster
    account: aws_server.Account

    def run(self, command: list[str], **variables: str) -> str:
        """Run a command in the checkout; return what it printed."""
        self.cluster.asked.clear()
        self.account.asked.clear()
        self._log.unlink(missing_ok=True)
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "GITHUB_"))}
        environment |= {"COLUMNS": "2000", "CALLS": str(self._log), "PATH": f"{self.folder}/bin:{os.environ['PATH']}"}
        environment |= {"HTTPS_PROXY": "http://127.0.0.1:1", **variables}  # so that nobody reaches the internet
        done = subprocess.run(
            command, cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            check=False, timeout=600,
        )  # fmt: skip
        return done.stdout + done.stderr

    def make(self, target: str, *variables: str) -> str:
        """Make a target."""
        return self.run(["make", "--no-print-directory", target, "KEY=viz.enabled", "VALUE=false", *variables])

    @property
    def calls(self) -> list[list[str]]:
        """The programs that were started in the checkout, the launcher among them."""
        return [json.loads(line) for line in self._log.read_text().splitlines()] if self._log.exists() else []

    @property
    def launched(self) -> list[tuple[str, list[str]]]:
        """The arguments of the launcher, each after the ON_SANDBOX that it saw."""
        return [(call[1], call[2:]) for call in self.calls if call[0] == "sandbox"]

    def assert_untouched(self) -> None:
        """Assert that nothing real was reached, and that Pulumi was started for the sandbox only."""
        assert self.cluster.asked == []
        assert self.account.asked == []
        linters = ("lint-imports", "zizmor", "cfn-lint")
        assert [call for call in self.calls if call[0] == "stray" and call[1] not in linters] == []
        assert {call[1].split(".")[0] for call in self.calls if call[0] == "python"} <= KNOWN_MODULES
        assert [each for on, each in self.launched if each[0] == "pulumi" and not on] == []

    @property
    def _log(self) -> Path:
        return self.folder / "calls"


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    """A checkout whose launcher, Python and operator's tools log their calls."""
    outside, folder = tmp_path_factory.mktemp("outside"), tmp_path_factory.mktemp("checkout")
    cluster, account = api_server.Cluster(), aws_server.Account()
    for entry in ROOT.iterdir():
        if entry.name[:1] != "." and entry.name != "sandbox" and not re.fullmatch(r"Pulumi\..+\.yaml", entry.name):
            (folder / entry.name).symlink_to(entry)
    for place in ("bin", ".venv/bin"):
        (folder / place).mkdir(parents=True)
        for name in OPERATORS_TOOLS:
            executable(folder / place / name, STRAY)
    executable(folder / ".venv/bin/python", PYTHON)
    (folder / ".venv/installed").touch()
    (folder / "sandbox").mkdir()
    (folder / "sandbox/__main__.py").write_text(LAUNCHER)
    with api_server.serving(cluster, outside) as kubeconfig, aws_server.serving(account, outside):
        server = re.findall(r"http://127.0.0.1:\d+", kubeconfig.read_text())[0]
        account.answers["DescribeCluster"] = {"cluster": {**aws_server.CLUSTER, "endpoint": server}}
        (folder / "Pulumi.dev.yaml").write_text(EKS)
        more = '  linkerd-workshop:workshopEnds: "2026-01-31"\n  linkerd-workshop:attendees: {count: 1}\n'
        (folder / "Pulumi.kind.yaml").write_text(f"config:\n  linkerd-workshop:kubeconfig: {kubeconfig}\n{more}")
        (folder / "Pulumi.local.yaml").write_text((folder / "Pulumi.kind.yaml").read_text())
        yield Real(folder, cluster, account)


def executable(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("stack", ["dev", "kind"])
def test_no_target_reaches_a_real_cluster_or_account(real: Real, stack: str, target: str) -> None:
    shown = real.make(target, f"STACK={stack}", "ON_SANDBOX=1")

    real.assert_untouched()
    assert REFUSAL not in shown, "it goes through the launcher, and not past it"
    assert [call for call in real.calls if call[0] == "python" and call[1] != "sandbox" and "--yes" in call] == []


@pytest.mark.parametrize("target", TARGETS)
def test_an_unclear_value_of_on_sandbox_reaches_nothing_and_agrees_to_nothing(real: Real, target: str) -> None:
    shown = real.make(target, "STACK=dev", "ON_SANDBOX=TRUE")

    real.assert_untouched()
    assert "Traceback" not in shown
    assert [each for _, each in real.launched if "--yes" in each and "cancel" not in each] == []


@pytest.mark.parametrize("target", TARGETS)
def test_only_on_the_sandbox_a_target_agrees_by_itself_to_a_change_of_the_local_stack(real: Real, target: str) -> None:
    # Its file names a real cluster, as somebody may have changed it.
    real.make(target, "STACK=local", "ON_SANDBOX=")
    agreed = [call for call in real.calls if "--yes" in call]

    assert [call for call in agreed if call[0] == "python" and call[1] != "sandbox"] == []
    assert [each for on, each in real.launched if "--yes" in each and each[0] == "pulumi" and on != "1"] == []
    assert real.cluster.deleted == []


@pytest.mark.parametrize("target", ["reset", "destroy", "up"])
def test_without_the_sandbox_a_target_asks_before_a_change(real: Real, target: str) -> None:
    real.make(target, "STACK=local", "ON_SANDBOX=0")

    assert [call for call in real.calls if "--yes" in " ".join(call)] == []
    assert real.calls


def test_make_set_passes_key_and_value_as_they_are_written(real: Real) -> None:
    real.run(["make", "set", "KEY=a'; touch $x; '", "VALUE=it's a $x", "ON_SANDBOX=1"])

    assert [each[-2:] for _, each in real.launched] == [["linkerd-workshop:a'; touch $x; '", "it's a $x"]]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["set", "KEY=context"], "make set STACK=team KEY=<key> VALUE=<value>"),
        (["set", "VALUE=x"], "make set STACK=team KEY=<key> VALUE=<value>"),
        (["preview", "STACK=team;touch"], "STACK has the character ;"),
        (["preview", "STACK=a#b"], "STACK has the character #"),
        (["init", "STACK=team'"], "STACK has the character '"),
        (["init", "STACK=$(HOME)"], "STACK has the character "),
        (["init", "STACK=te am"], "STACK is 'te am', but a stack has one name"),
        (["init", "STACK=unwritable"], "Pulumi.unwritable.yaml"),
    ],
)
def test_a_target_without_what_it_needs_says_so_and_starts_nothing(
    real: Real, arguments: list[str], sentence: str
) -> None:
    file = real.folder / "Pulumi.unwritable.yaml"
    if not file.is_symlink():
        file.symlink_to(real.folder / "none" / "file")

    assert sentence in real.run(["make", "STACK=team", "ON_SANDBOX=", *arguments], VALUE="of the environment")
    assert real.calls == []


@pytest.mark.parametrize("stack", ["dev", "kind"])
@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_called_directly_reaches_a_real_cluster(real: Real, stack: str, command: str) -> None:
    arguments = ARGUMENTS[command].format(stack=stack).split()
    shown = real.run([sys.executable, "-m", "workshop", command, *arguments], ON_SANDBOX="1")

    real.assert_untouched()
    if command not in WITHOUT_CLUSTER:
        assert "Traceback" not in shown
        asked = [each for _, each in real.launched if "config" not in each]
        assert REFUSAL in shown or asked or "This stack is not on EKS" in shown or "is not the sandbox" in shown


def test_on_the_sandbox_no_login_helper_of_another_cluster_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper = {"apiVersion": "client.authentication.k8s.io/v1", "command": "touch", "args": [str(tmp_path / "ran")]}
    path = api_server.kubeconfig(tmp_path, "https://127.0.0.1:1", {"exec": {**helper, "interactiveMode": "Never"}})
    monkeypatch.setenv("ON_SANDBOX", "1")
    monkeypatch.setenv("SANDBOX_REACHES", "https://127.0.0.1:1")

    with pytest.raises(InputError, match="ON_SANDBOX") as refused:
        ClusterApi(str(path))
    assert str(path) not in str(refused.value), "where a kubeconfig is expected, people set its contents"
    assert not (tmp_path / "ran").exists()


def test_the_sandbox_and_its_account_are_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    login = Eks.model_validate({"cluster": "workshop", "region": "eu-central-1", "owner": "me"})
    monkeypatch.setenv("ON_SANDBOX", "1")
    with (
        api_server.serving(api_server.Cluster(), tmp_path) as kubeconfig,
        aws_server.serving(aws_server.Account(), tmp_path) as account,
    ):
        (server,) = re.findall(r"http://127.0.0.1:\d+", kubeconfig.read_text())
        monkeypatch.setenv("SANDBOX_REACHES", f"{kubeconfig}\n{server}\n{account}")
        assert ClusterApi(str(kubeconfig)).get("/version").status == 200
        assert AwsApi(login).account == aws_server.ACCOUNT
        # Each service may have an address of its own in the user's configuration.
        monkeypatch.setenv("AWS_ENDPOINT_URL_EKS", "https://eks.eu-central-1.amazonaws.com")
        with pytest.raises(InputError, match="AWS, service eks"):
            _ = AwsApi(login).eks
