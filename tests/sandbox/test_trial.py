"""Which of Pulumi's commands run on the sandbox with ON_SANDBOX=1, with what environment, and which are refused."""

import os
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import Mock

import pytest

from sandbox import launcher, paths, tools, trial
from sandbox.console import SandboxError
from sandbox.launcher import EngineRun
from sandbox.project import PulumiCli, StackFile

EKS = "config:\n  # A comment of the user's.\n  small:eks: {cluster: tried}\n"
KINDS_OF_CHANGE = [
    ["config", "set", "k", "v"],
    ["config", "set", "--path", "a.b", "up"],
    ["config", "set-all", "--plaintext", "k=v"],
    ["config", "rm", "--path", "demos.booksapp.faultPercent"],
    ["config", "remove", "k"],
    ["config", "delete", "k"],
    ["config", "rm-all", "--path", "a", "b"],
    ["config", "remove-all", "a", "b"],
    ["config", "delete-all", "a", "b"],
    ["--stack", "dev", "config", "rm", "k"],
    ["-s", "dev", "config", "rm", "k"],
    ["--color=never", "config", "rm", "k"],
    ["--non-interactive", "config", "rm", "k"],
    ["-v", "3", "--logtostderr", "-e", "config", "rm", "k"],
    ["config", "--stack", "dev", "rm", "k"],
]


@dataclass(frozen=True)
class Checkout:
    """A user's project, with a sandbox beside it of which only the files are there."""

    folder: Path
    home: paths.Home
    become: Mock
    """Takes the program, the command and the environment by which the launcher replaces itself."""
    change_folder: Mock

    def stack(self, name: str, text: str) -> None:
        """Write a stack's file."""
        (self.folder / f"Pulumi.{name}.yaml").write_text(text, encoding="utf-8")

    def run(self, *arguments: str, stack: str = "dev") -> str:
        """Run the launcher up to the moment where it becomes Pulumi; return the folder in which it does."""
        launcher.run(self.home, str(self.folder), stack, list(arguments))
        return str(self.change_folder.call_args.args[0])

    @property
    def environment(self) -> dict[str, str]:
        """The environment of what the launcher became."""
        return self.become.call_args.args[2]

    @property
    def mirror(self) -> Path:
        """Where the engine runs with ON_SANDBOX=1."""
        return self.home.trials / "small/dev"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """A project with a stack on EKS, and a user with an account, a backend and a cluster of their own."""
    made = Checkout(tmp_path / "project", paths.Home(tmp_path / ".sandbox"), Mock(), Mock())
    made.folder.mkdir()
    (made.folder / "Pulumi.yaml").write_text("name: small\nruntime: python\n", encoding="utf-8")
    made.stack("dev", EKS)
    made.home.make()
    (made.home.run / "ports.json").write_text(
        '{"api": 11, "etcd_clients": 12, "etcd_peers": 13, "controllers": 14, "scheduler": 15}'
    )

    def prepare(_: paths.Home, stack_file: StackFile, _arguments: object = None) -> EngineRun:
        double = {"AWS_ENDPOINT_URL": "http://127.0.0.1:16"} if stack_file.account else {}
        return EngineRun(PulumiCli(Path("pulumi"), stack_file.project, {**os.environ, **double}), "as usual")

    monkeypatch.setattr(launcher, "prepare_stack", Mock())
    monkeypatch.setattr(launcher, "ensure_stack", Mock())
    monkeypatch.setattr(launcher, "prepare_engine", prepare)
    monkeypatch.setattr(tools, "find", Mock(return_value={"pulumi": Path("/bin/pulumi")}))
    monkeypatch.setattr(os, "execve", made.become)
    monkeypatch.setattr(os, "execvpe", made.become)
    monkeypatch.setattr(os, "chdir", made.change_folder)
    names = ("AWS_PROFILE", "AWS_ENDPOINT_URL_EKS", "PULUMI_ACCESS_TOKEN", "PULUMI_API", "PULUMI_BACKEND_URL")
    names += ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE", "KUBECONFIG")
    monkeypatch.setattr(os, "environ", {**os.environ, "ON_SANDBOX": "1", **dict.fromkeys(names, "mine")})
    return made


@pytest.mark.parametrize("arguments", KINDS_OF_CHANGE, ids=" ".join)
def test_a_setting_is_changed_in_the_users_own_file(checkout: Checkout, arguments: list[str]) -> None:
    assert checkout.run(*arguments) == str(checkout.folder)
    assert checkout.become.call_args.args[1] == ["pulumi", *arguments]
    assert "mine" not in checkout.environment.values()


@pytest.mark.parametrize("arguments", [["up", "--yes"], ["stack", "rm", "config"], ["preview", "--target", "config"]])
def test_everything_else_runs_in_the_mirror(checkout: Checkout, arguments: list[str]) -> None:
    assert checkout.run(*arguments) == str(checkout.mirror)


@pytest.mark.parametrize(
    "arguments",
    [
        ["config", "set", "--secret", "k", "v"],
        ["config", "set", "k", "v", "--secret=true"],
        ["--stack", "dev", "config", "set-all", "--path", "--secret", "k=v"],
        ["config", "cp", "--dest", "prod"],
        ["config", "copy", "-d", "prod"],
        ["config", "refresh", "--force"],
        ["config", "new-in-a-later-version"],
    ],
    ids=" ".join,
)
def test_no_real_stacks_file_gets_the_salt_of_the_sandboxs_passphrase(checkout: Checkout, arguments: list[str]) -> None:
    with pytest.raises(SandboxError, match=r"would encrypt with the sandbox's passphrase.*run it with ON_SANDBOX=0"):
        checkout.run(*arguments)
    checkout.become.assert_not_called()


@pytest.mark.parametrize("stack", ["dev", "here"])
@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["login", "s3://mine"], "would leave the sandbox"),
        (["--non-interactive", "logout"], "would leave the sandbox"),
        (["stack", "migrate", "s3://mine"], "would leave the sandbox"),
        (["stack", "--show-urns", "change-secrets-provider", "awskms://alias/mine"], "would leave the sandbox"),
        (["stack", "init", "dev", "--secrets-provider=awskms://alias/mine"], "would leave the sandbox"),
        (["--cwd", "/elsewhere", "up"], "would leave the sandbox"),
        (["-C/elsewhere", "up"], "would leave the sandbox"),
        (["up", "--config-file", "Pulumi.prod.yaml"], "would leave the sandbox"),
        (["up", "-c", "small:k=v"], "in a copy of the stack's file"),
        (["preview", "--config=small:k=v"], "in a copy of the stack's file"),
    ],
    ids=str,
)
def test_what_leads_away_from_the_sandbox_is_refused(
    checkout: Checkout, stack: str, arguments: list[str], why: str
) -> None:
    checkout.stack("here", f"config:\n  small:kubeconfig: {checkout.home.kubeconfig}\n")

    with pytest.raises(SandboxError, match=why):
        checkout.run(*arguments, stack=stack)
    checkout.become.assert_not_called()


@pytest.mark.parametrize("stack", ["dev", "here"])
def test_a_command_on_the_sandbox_knows_nothing_of_the_user_and_what_it_may_reach(
    checkout: Checkout, stack: str
) -> None:
    checkout.stack("here", f"config:\n  small:kubeconfig: {checkout.home.kubeconfig}\n")
    checkout.run("up", stack=stack)
    of_engine = checkout.environment
    launcher.run_beside(checkout.home, str(checkout.folder), stack, ["python", "-m", "workshop"])

    for environment in (of_engine, checkout.environment):
        assert "mine" not in environment.values()
        assert environment["KUBECONFIG"] == str(checkout.home.kubeconfig)
        reached = environment["SANDBOX_REACHES"].split("\n")
        assert reached[:2] == [str(checkout.home.kubeconfig), "https://127.0.0.1:11"]
        assert reached[2:] == (["http://127.0.0.1:16"] if stack == "dev" else [])


def test_the_mirror_leads_to_no_other_stacks_file(checkout: Checkout) -> None:
    checkout.mirror.mkdir(parents=True)
    checkout.stack("prod", "config: {}\n")
    (checkout.mirror / "Pulumi.prod.yaml").symlink_to(checkout.folder / "Pulumi.prod.yaml")  # of an earlier version
    checkout.run("up")

    assert {path.name for path in checkout.mirror.glob("Pulumi.*")} == {"Pulumi.yaml", "Pulumi.dev.yaml"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("config: {}\n", "is for stacks with the setting `eks`"),
        ("secretsprovider: awskms://alias/mine\nconfig:\n  small:kubeconfig: {}\n", "names a secretsprovider"),
    ],
)
def test_a_stack_that_is_not_certainly_on_the_sandbox_is_refused(checkout: Checkout, text: str, words: str) -> None:
    checkout.stack("other", text.replace("kubeconfig: {}", f"kubeconfig: {checkout.home.kubeconfig}"))

    with pytest.raises(SandboxError, match=words):
        checkout.run("up", stack="other")


@pytest.mark.parametrize("text", ["True", "ON", "perhaps", " 1", "1 0"])
def test_on_sandbox_takes_the_words_that_the_makefile_knows(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ON_SANDBOX", text)

    with pytest.raises(SandboxError, match=r"ON_SANDBOX is .* but it takes 1 .* or 0"):
        trial.is_requested()
