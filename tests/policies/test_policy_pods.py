"""Policies about pods: their power over the node, their resources, and their images."""

from collections.abc import Callable, Iterable, Mapping

import pytest

from policies.images import find_unpinned
from policies.judged import UNKNOWN, Finding, Judged, of_kubernetes
from policies.pod_security import find_beyond_baseline, find_beyond_restricted, find_unlimited, find_writable
from versions import KIND_NODE_IMAGE

Judge = Callable[[Judged], Iterable[Finding]]
DIGEST = "sha256:" + "0" * 64
SECURE = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}
GOOD = {
    "name": "app",
    "image": "example.com/app:1.2.3",
    "resources": {"requests": {"cpu": "10m"}, "limits": {"memory": "64Mi"}},
    "securityContext": SECURE,
}


def app(container: Mapping[str, object] | None = None, /, **pod: object) -> Judged:
    """Return a Deployment of one container that violates no policy, except by the given keys."""
    spec = {"containers": [{**GOOD, **(container or {})}], **pod}
    return of_kubernetes(
        {"kind": "Deployment", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"template": {"spec": spec}}}
    )


def secured(**security: object) -> Judged:
    """Return such a Deployment with another security context of its container; None leaves a key out."""
    merged = {key: value for key, value in {**SECURE, **security}.items() if value is not None}
    return app({"securityContext": merged})


def limited(**resources: object) -> Judged:
    return app({"resources": resources})


def found(judge: Judge, judged: Judged) -> str:
    return "\n".join(map(str, judge(judged)))


BASELINE = {
    "a privileged container": secured(privileged=True),
    "a capability": secured(capabilities={"drop": ["ALL"], "add": ["NET_ADMIN"]}),
    "the node's network": app(hostNetwork=True),
    "the node's processes": app(hostPID=True),
    "the node's memory": app(hostIPC=True),
    "the node's files": app(volumes=[{"name": "root", "hostPath": {"path": "/"}}]),
    "the node's port": app({"ports": [{"containerPort": 80, "hostPort": 80}]}),
    "all system calls": secured(seccompProfile={"type": "Unconfined"}),
    "all of AppArmor": secured(appArmorProfile={"type": "Unconfined"}),
    "all of /proc": secured(procMount="Unmasked"),
    "another SELinux type": secured(seLinuxOptions={"type": "spc_t"}),
    "another SELinux user": secured(seLinuxOptions={"user": "system_u"}),
    "a Windows host": secured(windowsOptions={"hostProcess": True}),
    "a sysctl of the node": app(securityContext={"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}),
    "all system calls of the pod": app(securityContext={"seccompProfile": {"type": "Unconfined"}}),
}
RESTRICTED = {
    "more rights later": secured(allowPrivilegeEscalation=None),
    "its capabilities": secured(capabilities=None),
    "capabilities again": secured(capabilities={"drop": ["ALL"], "add": ["CHOWN"]}),
    "to be root": secured(runAsNonRoot=None),
    "to be user 0": secured(runAsUser=0),
    "every system call": secured(seccompProfile=None),
    "a volume of NFS": app(volumes=[{"name": "shared", "nfs": {"server": "nfs.example.com", "path": "/"}}]),
}


@pytest.mark.parametrize("taken", BASELINE)
def test_power_over_the_node_is_found(taken: str) -> None:
    assert found(find_beyond_baseline, BASELINE[taken])
    assert found(find_beyond_restricted, BASELINE[taken]), "the stricter profile includes the other one"


@pytest.mark.parametrize("left", RESTRICTED)
def test_a_missing_restriction_is_found_by_the_stricter_profile_only(left: str) -> None:
    assert found(find_beyond_restricted, RESTRICTED[left])
    assert not found(find_beyond_baseline, RESTRICTED[left])


def test_the_security_context_of_a_pod_applies_to_its_containers() -> None:
    ours = {key: value for key, value in SECURE.items() if key not in {"runAsNonRoot", "seccompProfile"}}
    pod = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}

    assert found(find_beyond_restricted, app({"securityContext": ours}, securityContext=pod)) == ""
    assert "as root" in found(
        find_beyond_restricted,
        app({"securityContext": {**ours, "runAsNonRoot": False}}, securityContext=pod),
    )


NODE = {"hostNetwork": True}
TEMPLATE = {"template": {"spec": NODE}}
KINDS: list[tuple[str, object]] = [
    ("Pod", NODE),
    *((kind, TEMPLATE) for kind in ("StatefulSet", "DaemonSet", "Job", "Rollout")),
    ("CronJob", {"jobTemplate": {"spec": TEMPLATE}}),
]
"""Every kind that creates pods, with a pod on the node's network."""
BESIDE = [{"name": "beside", "image": "example.com/app:1.2.3", "securityContext": {"privileged": True}}]
FOUND: list[tuple[Judge, Judged, str]] = [
    *(
        (find_beyond_baseline, app(**{group: BESIDE}), "container beside: it is privileged")
        for group in ("initContainers", "ephemeralContainers")
    ),
    *(
        (
            find_beyond_baseline,
            of_kubernetes({"kind": kind, "metadata": {"name": "x", "namespace": "shop"}, "spec": spec}),
            f"{kind} shop/x: hostNetwork shares the node's own",
        )
        for kind, spec in KINDS
    ),
    (find_unlimited, limited(), "limits.memory"),
    (find_unlimited, limited(limits={"cpu": "1"}), "limits.memory"),
    (find_unlimited, limited(limits={"memory": "1Gi"}), "requests.cpu"),
    (find_unlimited, limited(limits={"memory": "1Gi"}, requests={"memory": "1Gi"}), "requests.cpu"),
    (find_writable, secured(readOnlyRootFilesystem=None), "readOnlyRootFilesystem"),
    (find_unpinned, app({"image": "app"}), "Deployment shop/app, container app: "),
    (find_unpinned, app({"image": "app"}), "which is `latest`"),
    (find_unpinned, app({"image": "registry.example.com:5000/app"}), "which is `latest`"),
    (find_unpinned, app({"image": "app:latest"}), "another one tomorrow"),
    (find_unpinned, app({"image": "app:stable"}), "another one tomorrow"),
    (find_unpinned, app({"image": ""}), "no name of one"),
    (find_unpinned, app({"image": "app:1@sha256:short"}), "no name of one"),
]
PINNED = ("registry.example.com:5000/app:1", f"app@{DIGEST}", f"app:latest@{DIGEST}", UNKNOWN)
IN_ORDER: list[tuple[Judge, Judged]] = [
    *((judge, app()) for judge in (find_beyond_baseline, find_beyond_restricted, find_unlimited, find_writable)),
    (find_unlimited, limited(limits={"cpu": "1", "memory": "1Gi"})),  # a limit stands in for a request
    *((find_unpinned, app({"image": image})) for image in (GOOD["image"], *PINNED)),
]


@pytest.mark.parametrize(("judge", "judged", "words"), FOUND)
def test_a_careless_container_is_found(judge: Judge, judged: Judged, words: str) -> None:
    assert words in found(judge, judged)


@pytest.mark.parametrize(("judge", "judged"), IN_ORDER)
def test_a_careful_container_is_in_order(judge: Judge, judged: Judged) -> None:
    assert found(judge, judged) == ""


def test_where_versions_py_pins_a_digest_any_other_image_of_the_repository_is_found() -> None:
    other = KIND_NODE_IMAGE.partition("@")[0]

    assert found(find_unpinned, app({"image": KIND_NODE_IMAGE})) == ""
    assert "is not the one that versions.py pins" in found(find_unpinned, app({"image": other}))
    assert "is not the one that versions.py pins" in found(find_unpinned, app({"image": f"{other}@{DIGEST}"}))
