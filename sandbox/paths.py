"""The sandbox's folders: a home inside the checkout, and a cache outside of it."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
TOOL_MODULES = PROJECT / "sandbox" / "tools"
CHART_DOUBLES = PROJECT / "sandbox" / "charts"


class Below:
    """A path below the folder of a sandbox."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, home: "Home", _: type["Home"] | None = None) -> Path:
        return home.folder / self.name


@dataclass(frozen=True)
class Home:
    """The folder of one sandbox: its data, certificates, logs, Pulumi state and packaged charts."""

    folder: Path

    kubeconfig = Below("kubeconfig")
    """Credentials of the cluster administrator, context `sandbox`."""
    certificates = Below("pki")
    """Keys and certificates of the control plane."""
    logs = Below("logs")
    """One log per component."""
    run = Below("run")
    """Records of the processes that run, and their ports."""
    etcd_data = Below("etcd")
    """The cluster's objects; they outlive `down`."""
    state = Below("state")
    """Pulumi's file backend."""
    aws = Below("aws")
    """The data of the double of AWS."""
    aws_port = Below("run/aws-port")
    """The port that the double of AWS listens on."""
    trials = Below("trials")
    """Mirrors of projects whose stacks are tried here."""
    charts = Below("charts")
    """Chart archives packaged for this sandbox."""
    plugins = Below("plugins")
    """Executables put on the engine's PATH."""

    @property
    def lock(self) -> Path:
        """Held while one command starts or stops the sandbox. Not in the home, which `--wipe` removes."""
        return cache() / "locks" / hashlib.sha256(str(self.folder).encode()).hexdigest()[:16]

    @property
    def aws_lock(self) -> Path:
        """Held while one command starts the double of AWS."""
        return self.lock.with_suffix(".aws")

    def make(self) -> None:
        """Create the folders, readable by their owner only."""
        for folder in (self.folder, self.certificates, self.logs, self.run, self.state, self.charts, self.plugins):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def home(chosen: str | None = None) -> Home:
    """The home that was chosen, by argument or by `SANDBOX_HOME`, else `.sandbox` in the checkout."""
    folder = chosen or os.environ.get("SANDBOX_HOME") or str(PROJECT / ".sandbox")
    return Home(Path(folder).expanduser().resolve())


def cache() -> Path:
    """Built tools and downloads, shared by every checkout: `LINKERD_WORKSHOP_CACHE`, else the user's cache folder."""
    explicit = os.environ.get("LINKERD_WORKSHOP_CACHE")
    if explicit:
        return Path(explicit).expanduser().resolve()
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "linkerd-workshop"
