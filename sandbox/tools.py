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
from sandbox.builds import Build, pinned_version, run_builds

Version = tuple[int, int, int]


@dataclass(frozen=True)
class Tool:
    """A program: the pinned Go module that builds it, and which versions on PATH fit."""

    name: str
    module: str
    """The folder of `sandbox/tools` with the go.mod."""
    package: str
    fitting: tuple[tuple[int, int], tuple[int, int]] | None = None
    """The first version that fits, and the first that does not; None: it reports none, so PATH is not searched."""
    versioned: str = ""
    """The required module whose version the program reports."""
    variables: str = ""
    """The variables that the linker sets to it: without them an API server reports v0.0.0, and charts refuse that."""
    version_arguments: str = "--version"


KUBERNETES_NAMES = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
KUBERNETES_MINOR = 36
KUBERNETES_VERSION = "k8s.io/component-base/version.git"
WORKFLOW_LINTER = "actionlint"
ROLLOUTS_CONTROLLER, PLUGIN_DOUBLE = "rollouts-controller", "gatewayapi-plugin"
HELM, KWOK, PULUMI = "helm.sh/helm/v3", "sigs.k8s.io/kwok", "github.com/pulumi/pulumi"
ACTIONLINT, ARGO_ROLLOUTS = "github.com/rhysd/actionlint", "github.com/argoproj/argo-rollouts"
TOOLS: dict[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool("etcd", "control-plane", "go.etcd.io/etcd/server/v3", ((3, 6), (3, 7))),
        *(
            Tool(
                name,
                "control-plane",
                f"k8s.io/kubernetes/cmd/{name}",
                ((1, KUBERNETES_MINOR), (1, KUBERNETES_MINOR + 1)),
                "k8s.io/kubernetes",
                " ".join(f"{KUBERNETES_VERSION}{each}={{{each.lower()}}}" for each in ("Version", "Major", "Minor")),
            )
            for name in KUBERNETES_NAMES
        ),
        Tool(
            "kwok",
            "control-plane",
            f"{KWOK}/cmd/kwok",
            ((0, 8), (0, 9)),
            KWOK,
            f"{KWOK}/pkg/consts.Version={{version}}",
        ),
        Tool(
            "pulumi",
            "pulumi",
            f"{PULUMI}/pkg/v3/cmd/pulumi",
            ((3, 250), (4, 0)),
            f"{PULUMI}/pkg/v3",
            f"{PULUMI}/sdk/v3/go/common/version.Version={{version}}",
            "version",
        ),
        # A plugin that is built from its module reports the SDK's version, as the published ones do, because the engine
        # warns on every command about a plugin that is older than the SDK.
        *(
            Tool(
                f"pulumi-resource-{package}",
                module,
                folder,
                variables=f"main.Version={sdk_version(f'pulumi-{package}')}",
            )
            for package, module, folder in (
                ("kubernetes", "pulumi-kubernetes", "./"),
                ("tls", "pulumi", "./pulumi-resource-tls"),
            )
        ),
        # Helm is built in the provider's module, for which its packages are compiled already; so both render with the
        # same version of Helm. The linker sets the Kubernetes version for which it renders without a cluster: the
        # default is 1.20, which charts refuse.
        Tool(
            "helm",
            "pulumi-kubernetes",
            f"{HELM}/cmd/helm",
            ((3, 18), (4, 0)),
            HELM,
            f"{HELM}/internal/version.version={{version}} {HELM}/pkg/chartutil.k8sVersionMajor=1 "
            f"{HELM}/pkg/chartutil.k8sVersionMinor={KUBERNETES_MINOR}",
            "version --short",
        ),
        Tool(
            ROLLOUTS_CONTROLLER,
            "argo-rollouts",
            f"{ARGO_ROLLOUTS}/cmd/rollouts-controller",
            ((1, 9), (1, 10)),
            ARGO_ROLLOUTS,
            "{0}.gitTag={{version}} {0}.gitCommit={{version}} {0}.gitTreeState=clean".format(
                f"{ARGO_ROLLOUTS}/utils/version"
            ),
        ),
        # A double of our own in place of the real plugin.
        Tool(PLUGIN_DOUBLE, "argo-rollouts", f"./{PLUGIN_DOUBLE}"),
        # Not a part of the sandbox: it reads the workflows' files for `make check`.
        Tool(
            WORKFLOW_LINTER,
            "actionlint",
            f"{ACTIONLINT}/cmd/actionlint",
            ((1, 7), (1, 8)),
            ACTIONLINT,
            f"{ACTIONLINT}.version={{version}}",
            "-version",
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
    run_builds([build for build in builds if not build.path.is_file()])
    return found | {build.program: build.path for build in builds}


def on_path(tool: Tool) -> Path | None:
    """Return the tool on PATH, if it is there in a fitting version."""
    candidate = shutil.which(tool.name)
    if tool.fitting is None or candidate is None:
        return None
    version = version_of(Path(candidate), tool.version_arguments.split())
    return Path(candidate) if version and tool.fitting[0] <= version < tool.fitting[1] else None


def version_of(program: Path, arguments: Sequence[str]) -> Version | None:
    """Return the first version number that the program prints; None if it prints none within ten seconds."""
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
    settings = tool.variables
    if tool.versioned:
        version = pinned_version(paths.TOOL_MODULES / tool.module, tool.versioned)
        major, minor, _ = version.removeprefix("v").split(".", 2)
        settings = settings.format(version=version, major=major, minor=minor)
    return " ".join(["-s -w", *(f"-X {setting}" for setting in settings.split())])


UNKNOWN_YET = r'unexpected key "queue" for "concurrency" section'
"""A message of actionlint, which does not know `queue` of May 2026 yet (its issue 657); a test reads the values."""


def lint_workflows(project: Path) -> int:
    """Run actionlint; return its exit status."""
    files = sorted((project / ".github" / "workflows").glob("*.yml"))
    linter = find((WORKFLOW_LINTER,))[WORKFLOW_LINTER]
    # Without the linters that it takes from PATH where they are: the same files give the same findings everywhere.
    command = [linter, "-shellcheck=", "-pyflakes=", "-ignore", UNKNOWN_YET, *files]
    return subprocess.run(command, cwd=project, check=False).returncode
