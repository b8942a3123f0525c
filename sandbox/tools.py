"""The programs that the sandbox is made of: taken from PATH where a fitting version is there, else built once."""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version as sdk_version
from pathlib import Path

from sandbox import paths
from sandbox.builds import Build, built, pinned_version, run_builds

Version = tuple[int, int, int]


@dataclass(frozen=True)
class Tool:
    """A program: how it reports its version, which versions fit, and the pinned Go module that builds it."""

    name: str
    version_arguments: tuple[str, ...]
    at_least: Version
    below: Version
    module: str
    """The folder of `sandbox/tools` with the go.mod."""
    package: str
    versioned: str = ""
    """The required module whose version the program reports."""
    variables: tuple[str, ...] = ()
    """The variables that the linker sets to it: without them an API server reports v0.0.0, and charts refuse that."""

    def fits(self, version: Version) -> bool:
        """Return whether a program of this version may be used."""
        return self.at_least <= version < self.below


KUBERNETES_NAMES = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
KUBERNETES_MINOR = 36
KUBERNETES_VERSION = "k8s.io/component-base/version."
HELM = "helm.sh/helm/v3/"
WORKFLOW_LINTER = "actionlint"
ROLLOUTS_CONTROLLER, PLUGIN_DOUBLE = "rollouts-controller", "gatewayapi-plugin"
ARGO_ROLLOUTS = "github.com/argoproj/argo-rollouts"
NEVER = ((), (0, 0, 0), (0, 0, 0))
"""For programs that report no version: one on PATH is never taken."""
TOOLS: dict[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool("etcd", ("--version",), (3, 6, 0), (3, 7, 0), "control-plane", "go.etcd.io/etcd/server/v3"),
        *(
            Tool(
                name,
                ("--version",),
                (1, KUBERNETES_MINOR, 0),
                (1, KUBERNETES_MINOR + 1, 0),
                "control-plane",
                f"k8s.io/kubernetes/cmd/{name}",
                "k8s.io/kubernetes",
                tuple(
                    f"{KUBERNETES_VERSION}{value}"
                    for value in ("gitVersion={version}", "gitMajor={major}", "gitMinor={minor}")
                ),
            )
            for name in KUBERNETES_NAMES
        ),
        Tool(
            "kwok",
            ("--version",),
            (0, 8, 0),
            (0, 9, 0),
            "control-plane",
            "sigs.k8s.io/kwok/cmd/kwok",
            "sigs.k8s.io/kwok",
            ("sigs.k8s.io/kwok/pkg/consts.Version={version}",),
        ),
        Tool(
            "pulumi",
            ("version",),
            (3, 250, 0),
            (4, 0, 0),
            "pulumi",
            "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
            "github.com/pulumi/pulumi/pkg/v3",
            ("github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={version}",),
        ),
        # The published plugins have the SDKs' versions; built from their modules they report the same, for the engine
        # warns on every command about a plugin that is older than the SDK.
        *(
            Tool(
                f"pulumi-resource-{package}",
                *NEVER,
                module,
                f"./{folder}",
                variables=(f"main.Version={sdk_version(f'pulumi-{package}')}",),
            )
            for package, module, folder in (
                ("kubernetes", "pulumi-kubernetes", ""),
                ("tls", "pulumi", "pulumi-resource-tls"),
            )
        ),
        # In the provider's module, which has all of it compiled already, and renders with the same version.
        Tool(
            "helm",
            ("version", "--short"),
            (3, 18, 0),
            (4, 0, 0),
            "pulumi-kubernetes",
            "helm.sh/helm/v3/cmd/helm",
            "helm.sh/helm/v3",
            # The version for which it renders without a cluster; otherwise that is 1.20, which charts refuse.
            (
                f"{HELM}internal/version.version={{version}}",
                f"{HELM}pkg/chartutil.k8sVersionMajor=1",
                f"{HELM}pkg/chartutil.k8sVersionMinor={KUBERNETES_MINOR}",
            ),
        ),
        Tool(
            ROLLOUTS_CONTROLLER,
            ("--version",),
            (1, 9, 0),
            (1, 10, 0),
            "argo-rollouts",
            f"{ARGO_ROLLOUTS}/cmd/rollouts-controller",
            ARGO_ROLLOUTS,
            tuple(
                f"{ARGO_ROLLOUTS}/utils/version.{value}"
                for value in ("gitTag={version}", "gitCommit={version}", "gitTreeState=clean")
            ),
        ),
        # A double of our own in place of the real plugin.
        Tool(PLUGIN_DOUBLE, *NEVER, "argo-rollouts", f"./{PLUGIN_DOUBLE}"),
        # Not a part of the sandbox: it reads the workflows' files for `make check`.
        Tool(
            WORKFLOW_LINTER,
            ("-version",),
            (1, 7, 0),
            (1, 8, 0),
            "actionlint",
            "github.com/rhysd/actionlint/cmd/actionlint",
            "github.com/rhysd/actionlint",
            ("github.com/rhysd/actionlint.version={version}",),
        ),
    )
}
CONTROL_PLANE = ("etcd", *KUBERNETES_NAMES, "kwok")
CLIENTS = (ROLLOUTS_CONTROLLER, "kwok", "kube-scheduler", "kube-controller-manager")
CANARY = (ROLLOUTS_CONTROLLER, PLUGIN_DOUBLE)


def find(names: Sequence[str]) -> dict[str, Path]:
    """Return the path of each named tool; what neither PATH nor the cache has is built first."""
    found = {name: path for name in names if (path := on_path(TOOLS[name])) is not None}
    builds = [build_of(TOOLS[name]) for name in names if name not in found]
    run_builds([build for build in builds if not built(build)])
    return found | {build.program: build.path for build in builds}


def on_path(tool: Tool) -> Path | None:
    """Return the tool on PATH, if it is there in a fitting version."""
    candidate = shutil.which(tool.name) if tool.version_arguments else None
    if candidate is None:
        return None
    version = version_of(Path(candidate), tool.version_arguments)
    return Path(candidate) if version is not None and tool.fits(version) else None


def version_of(program: Path, arguments: Sequence[str]) -> Version | None:
    """The first version number that the program prints, or None if it prints none within ten seconds."""
    environment = os.environ | {"PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        run = subprocess.run(
            [program, *arguments], capture_output=True, text=True, timeout=10, check=False, env=environment
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r"\bv?(\d+)\.(\d+)\.(\d+)", run.stdout + run.stderr)
    return (int(match[1]), int(match[2]), int(match[3])) if run.returncode == 0 and match else None


def build_of(tool: Tool) -> Build:
    """Return how a tool is built."""
    return Build(paths.TOOL_MODULES / tool.module, tool.name, tool.package, link_flags(tool))


def link_flags(tool: Tool) -> str:
    """Return the flags of the Go linker: no symbol table, and the tool's version."""
    settings = " ".join(tool.variables)
    if tool.versioned:
        version = pinned_version(paths.TOOL_MODULES / tool.module, tool.versioned)
        major, minor, _ = version.removeprefix("v").split(".", 2)
        settings = settings.format(version=version, major=major, minor=minor)
    return " ".join(["-s -w", *(f"-X {setting}" for setting in settings.split())])


def lint_workflows(project: Path) -> int:
    """Run actionlint; return its exit status."""
    files = sorted((project / ".github" / "workflows").glob("*.yml"))
    linter = find((WORKFLOW_LINTER,))[WORKFLOW_LINTER]
    # Without the linters that it takes from PATH where they are: the same files give the same findings everywhere.
    return subprocess.run([linter, "-shellcheck=", "-pyflakes=", *files], cwd=project, check=False).returncode
