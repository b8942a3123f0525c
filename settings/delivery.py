"""Settings of progressive delivery."""

from pydantic import Field

from settings.values import Enabled, Location, Section, Sha256, Text, section


class Plugin(Section):
    """The source of Argo Rollouts' Gateway API plugin."""

    location: Location | None = Field(
        default=None,
        description="a file:// or https:// URL without a password in it; the file of the pinned image if it is not set",
        examples=["https://mirror.example.com/gatewayapi-plugin-linux-amd64"],
        pattern=r"^(file|https?)://\S+$",
    )
    """Where the controller takes its Gateway API plugin from."""
    sha256: Sha256 | None = Field(
        default=None, description="64 hexadecimal digits in lower case", examples=["0123456789abcdef" * 4]
    )
    """The checksum of that file."""


class ArgoRollouts(Section):
    """The controller that moves traffic to a new version step by step."""

    enabled: Enabled = True
    """Whether the stack installs Argo Rollouts."""
    plugin: Plugin = section(Plugin())


class Application(Section):
    """The folder of a git repository with the demo that Argo CD owns."""

    repository: Location | None = Field(
        default=None,
        description="the URL of a git repository, without a password or token in it",
        examples=["https://github.com/example/workshop.git"],
    )
    """The repository with the canary demo."""
    path: Text = Field(
        default="gitops/progressive-delivery",
        description="a folder of the repository with a kustomization.yaml",
        examples=["gitops/progressive-delivery"],
    )
    """The demo's folder in the repository."""
    revision: Text = Field(default="main", description="a branch, tag or commit", examples=["main"])
    """What Argo CD deploys."""


class ArgoCd(Section):
    """GitOps, with the tab that shows a Rollout."""

    enabled: Enabled = False
    """Whether the stack installs Argo CD."""
    application: Application = section(Application())


class Delivery(Section):
    """The controllers that deliver new versions."""

    argo_rollouts: ArgoRollouts = section(ArgoRollouts())
    argo_cd: ArgoCd = section(ArgoCd())
