"""What one setting alone cannot tell: which parts need each other."""

from collections.abc import Iterator

from model.names import PROJECT, CanaryOwner
from model.problem import Problem
from settings import Settings, eks_rules
from settings.parts import hosts


def contradictions(settings: Settings) -> list[Problem]:
    """Return what is switched on without what it needs."""
    return [
        *_plugin(settings),
        *_canary(settings),
        *_argo_cd(settings),
        *_dashboard(settings),
        *_hosts(settings),
        *eks_rules.contradictions(settings),
        *_end(settings),
    ]


def _plugin(settings: Settings) -> Iterator[Problem]:
    plugin = settings.delivery.argo_rollouts.plugin
    if plugin.sha256 and not plugin.location:
        key = f"{PROJECT}:delivery.argoRollouts.plugin"
        cure = f"Set `{key}.location`, too, or remove it with `pulumi config rm --path '{key}.sha256'`."
        yield Problem(f"{key}.sha256", "it is set without a location", "the pinned image's file has its own", cure)


def _canary(settings: Settings) -> Iterator[Problem]:
    demo = settings.demos.progressive_delivery
    if not demo.enabled:
        return
    if not settings.delivery.argo_rollouts.enabled:
        yield _needs(
            "demos.progressiveDelivery.enabled", "delivery.argoRollouts.enabled", "its Rollout needs a controller"
        )
    if demo.analysis and not settings.viz.enabled:
        yield _needs(
            "demos.progressiveDelivery.analysis", "viz.enabled", "it asks viz's Prometheus for the success rate"
        )
    if demo.owner is CanaryOwner.ARGO_CD:
        if not settings.delivery.argo_cd.enabled:
            yield _needs(
                "demos.progressiveDelivery.owner", "delivery.argoCd.enabled", "Argo CD is to own the demo", demo.owner
            )
        for key, on in {"analysis": demo.analysis, "randomErrors": demo.random_errors}.items():
            if on:
                name = f"{PROJECT}:demos.progressiveDelivery.{key}"
                cure = f"Remove it with `pulumi config rm --path '{name}'`, and write it into the repository."
                yield Problem(name, "it is true while Argo CD owns the demo", "the repository says what it is", cure)
        if demo.host:
            found = f"Argo CD owns the demo, and its host is '{demo.host}'"
            cure = f"Remove it with `pulumi config rm --path '{PROJECT}:demos.progressiveDelivery.host'`."
            yield Problem(f"{PROJECT}:demos.progressiveDelivery.host", found, "the Ingress belongs to the owner", cure)


def _argo_cd(settings: Settings) -> Iterator[Problem]:
    argo_cd, demo = settings.delivery.argo_cd, settings.demos.progressive_delivery
    if demo.enabled and demo.owner is CanaryOwner.ARGO_CD and argo_cd.enabled and not argo_cd.application.repository:
        key = f"{PROJECT}:delivery.argoCd.application.repository"
        cure = f"Set it with `pulumi config set --path '{key}' https://github.com/example/workshop.git`."
        yield Problem(key, "it is not set", "Argo CD takes the demo that it owns from a git repository", cure)


def _dashboard(settings: Settings) -> Iterator[Problem]:
    if settings.viz.dashboard and not settings.viz.enabled:
        yield _needs("viz.dashboard", "viz.enabled", "the dashboard is a part of viz", "set")


def _hosts(settings: Settings) -> Iterator[Problem]:
    takers: dict[str, str] = {}
    for key, host in hosts(settings).items():
        if host in takers:
            found, rule = f"the host '{host}' is that of {takers[host]}, too", "each host leads to one app"
            yield Problem(f"{PROJECT}:{key}", found, rule, "Choose another name for one of them.")
        takers.setdefault(host, key)


def _end(settings: Settings) -> Iterator[Problem]:
    if settings.workshop_ends and settings.workshop_days:
        key = f"{PROJECT}:workshopDays"
        found = f"it is {settings.workshop_days}, and workshopEnds is {settings.workshop_ends}"
        rule = "a workshop ends on a day, or some days after its last `up`"
        cure = f"Remove one with `pulumi config rm '{key}'` or `pulumi config rm '{PROJECT}:workshopEnds'`."
        yield Problem(key, found, rule, cure)


def _needs(key: str, needed: str, why: str, value: str = "true") -> Problem:
    cure = f"Set the one with `pulumi config set --path '{PROJECT}:{needed}' true`, or switch the other off."
    return Problem(f"{PROJECT}:{key}", f"it is {value} while {needed} is false", why, cure)
