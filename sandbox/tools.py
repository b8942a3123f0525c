"""The programs that the sandbox is made of: taken from PATH where a fitting version is there, else built once."""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sandbox import paths
from sandbox.builds import Build, built, run_builds
from sandbox.go_modules import pinned_version

Version = tuple[int, int, int]


@dataclass(frozen=True)
class Tool:
    """A program, how it tells its version, which versions fit, and the Go module that builds it."""

    name: str
    version_arguments: tuple[str, ...]
    at_least: Version
    below: Version
    module: str
    package: str

    def fits(self, version: Version) -> bool:
        """Whether a program of this version may be used."""
        return self.at_least <= version < self.below


KUBERNETES_NAMES = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
WORKFLOW_LINTER = "actionlint"
ROLLOUTS_CONTROLLER, PLUGIN_DOUBLE = "rollouts-controller", "gatewayapi-plugin"
ARGO_MODULE = "linkerd-workshop/sandbox/tools/argo-rollouts"
TOOLS: dict[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool("etcd", ("--version",), (3, 6, 0), (3, 7, 0), "etcd", "go.etcd.io/etcd/server/v3"),
        *(
            Tool(name, ("--version",), (1, 36, 0), (1, 37, 0), "kubernetes", f"k8s.io/kubernetes/cmd/{name}")
            for name in KUBERNETES_NAMES
        ),
        Tool("kwok", ("--version",), (0, 8, 0), (0, 9, 0), "kwok", "sigs.k8s.io/kwok/cmd/kwok"),
        Tool("helm", ("version", "--short"), (3, 18, 0), (4, 0, 0), "helm", "helm.sh/helm/v3/cmd/helm"),
        Tool(
            ROLLOUTS_CONTROLLER,
            ("--version",),
            (1, 9, 0),
            (1, 10, 0),
            "argo-rollouts",
            "github.com/argoproj/argo-rollouts/cmd/rollouts-controller",
        ),
        # A double of our own; the real plugin tells no version, so what PATH has is not taken for it.
        Tool(PLUGIN_DOUBLE, ("--version",), (0, 0, 0), (0, 0, 0), "argo-rollouts", f"{ARGO_MODULE}/{PLUGIN_DOUBLE}"),
        # Not a part of the sandbox: it reads the workflows' files for `make check`.
        Tool(
            WORKFLOW_LINTER,
            ("-version",),
            (1, 7, 0),
            (1, 8, 0),
            "actionlint",
            "github.com/rhysd/actionlint/cmd/actionlint",
        ),
        Tool("pulumi", ("version",), (3, 250, 0), (4, 0, 0), "pulumi", "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"),
    )
}
CONTROL_PLANE = ("etcd", *KUBERNETES_NAMES, "kwok")
CLIENTS = (ROLLOUTS_CONTROLLER, "kwok", "kube-scheduler", "kube-controller-manager")
ENGINE = ("pulumi", "helm")
CANARY = (ROLLOUTS_CONTROLLER, PLUGIN_DOUBLE)
# The modules of which linking sets a version: without it an API server says v0.0.0 and charts refuse to render.
VERSION_VARIABLES = {
    "helm": ("helm.sh/helm/v3", "helm.sh/helm/v3/internal/version.version={version}"),
    "kwok": ("sigs.k8s.io/kwok", "sigs.k8s.io/kwok/pkg/consts.Version={version}"),
    "actionlint": ("github.com/rhysd/actionlint", "github.com/rhysd/actionlint.version={version}"),
    "pulumi": (
        "github.com/pulumi/pulumi/pkg/v3",
        "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={version}",
    ),
    "argo-rollouts": (
        "github.com/argoproj/argo-rollouts",
        " ".join(
            f"github.com/argoproj/argo-rollouts/utils/version.{name}"
            for name in ("gitTag={version}", "gitCommit={version}", "gitTreeState=clean")
        ),
    ),
    "kubernetes": (
        "k8s.io/kubernetes",
        (
            "k8s.io/component-base/version.gitVersion={version} "
            "k8s.io/component-base/version.gitMajor={major} k8s.io/component-base/version.gitMinor={minor}"
        ),
    ),
}


def find(names: Sequence[str]) -> dict[str, Path]:
    """The path of each named tool; what neither PATH nor the cache has is built first."""
    found = {name: path for name in names if (path := on_path(TOOLS[name])) is not None}
    missing = [name for name in names if name not in found]
    builds = {name: build_of(TOOLS[name].module) for name in missing}
    run_builds([build for build in dict.fromkeys(builds.values()) if not built(build)])
    return found | {name: build.folder / name for name, build in builds.items()}


def on_path(tool: Tool) -> Path | None:
    """The tool on PATH, if it is there in a fitting version."""
    candidate = shutil.which(tool.name)
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


def build_of(module: str) -> Build:
    """How the tools of one pinned Go module are built."""
    packages = tuple(tool.package for tool in TOOLS.values() if tool.module == module)
    names = tuple(tool.name for tool in TOOLS.values() if tool.module == module)
    return Build(module, paths.TOOL_MODULES / module, names, packages, link_flags(module))


def link_flags(module: str) -> str:
    """Flags of the Go linker: no symbol table, and the version from the module's go.mod."""
    if module not in VERSION_VARIABLES:
        return "-s -w"
    path, variables = VERSION_VARIABLES[module]
    version = pinned_version(paths.TOOL_MODULES / module, path)
    major, minor, _ = version.removeprefix("v").split(".", 2)
    settings = variables.format(version=version, major=major, minor=minor).split()
    return " ".join(["-s -w", *(f"-X {setting}" for setting in settings)])
