"""Where the sandbox keeps its things: a home inside the checkout, and a cache outside of it."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
TOOL_MODULES = PROJECT / "sandbox" / "tools"
CHART_DOUBLES = PROJECT / "sandbox" / "charts"


@dataclass(frozen=True)
class Home:
    """The folder of one sandbox: its data, certificates, logs, Pulumi state and packaged charts."""

    folder: Path

    @property
    def kubeconfig(self) -> Path:
        """Credentials of the cluster administrator, context `sandbox`."""
        return self.folder / "kubeconfig"

    @property
    def certificates(self) -> Path:
        """Keys and certificates of the control plane."""
        return self.folder / "pki"

    @property
    def logs(self) -> Path:
        """One log a component."""
        return self.folder / "logs"

    @property
    def run(self) -> Path:
        """What runs now: process records and ports."""
        return self.folder / "run"

    @property
    def etcd_data(self) -> Path:
        """The cluster's objects; they outlive `down`."""
        return self.folder / "etcd"

    @property
    def state(self) -> Path:
        """Pulumi's file backend."""
        return self.folder / "state"

    @property
    def aws(self) -> Path:
        """What the double of AWS keeps."""
        return self.folder / "aws"

    @property
    def aws_port(self) -> Path:
        """The port that the double of AWS listens on."""
        return self.run / "aws-port"

    @property
    def trials(self) -> Path:
        """Mirrors of projects whose stacks are tried here."""
        return self.folder / "trials"

    @property
    def charts(self) -> Path:
        """Chart archives packaged for this sandbox."""
        return self.folder / "charts"

    @property
    def plugins(self) -> Path:
        """Executables put on the engine's PATH."""
        return self.folder / "plugins"

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
