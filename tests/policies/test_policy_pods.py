"""Policies about pods: their power over the node, their resources, and their images."""

from collections.abc import Callable, Iterable, Mapping

import pytest

from model.json_values import mapping
from policies import images, pod_security
from policies.judged import UNKNOWN, Finding, Judged, of_kubernetes

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
    """Return a Deployment of one container that is in order, but for what is given."""
    spec = {"containers": [{**GOOD, **(container or {})}], **pod}
    return of_kubernetes(
        {"kind": "Deployment", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"template": {"spec": spec}}}
    )


def secured(**security: object) -> Judged:
    """Return such a Deployment with another security context of its container; None leaves a key out."""
    merged = {key: value for key, value in {**SECURE, **security}.items() if value is not None}
    return app({"securityContext": merged})


def found(judge: Judge, judged: Judged) -> str:
    return "\n".join(map(str, judge(judged)))


@pytest.mark.parametrize(
    "judge",
    [
        pod_security.find_beyond_baseline,
        pod_security.find_beyond_restricted,
        pod_security.find_unlimited,
        pod_security.find_writable,
        images.find_unpinned,
    ],
)
def test_an_app_without_needless_privileges_is_in_order(judge: Judge) -> None:
    assert found(judge, app()) == ""


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
    assert found(pod_security.find_beyond_baseline, BASELINE[taken])
    assert found(pod_security.find_beyond_restricted, BASELINE[taken]), "the stricter profile includes the other one"


@pytest.mark.parametrize("left", RESTRICTED)
def test_a_missing_restriction_is_found_by_the_stricter_profile_only(left: str) -> None:
    assert found(pod_security.find_beyond_restricted, RESTRICTED[left])
    assert not found(pod_security.find_beyond_baseline, RESTRICTED[left])


def test_the_security_context_of_a_pod_applies_to_its_containers() -> None:
    ours = {key: value for key, value in SECURE.items() if key not in {"runAsNonRoot", "seccompProfile"}}
    pod = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}

    assert found(pod_security.find_beyond_restricted, app({"securityContext": ours}, securityContext=pod)) == ""
    assert "as root" in found(
        pod_security.find_beyond_restricted,
        app({"securityContext": {**ours, "runAsNonRoot": False}}, securityContext=pod),
    )


@pytest.mark.parametrize("group", ["initContainers", "ephemeralContainers"])
def test_containers_beside_the_app_are_judged_too(group: str) -> None:
    bad = {"name": "beside", "image": "example.com/app:1.2.3", "securityContext": {"privileged": True}}

    assert "container beside: it is privileged" in found(pod_security.find_beyond_baseline, app(**{group: [bad]}))


POD = {"hostNetwork": True}
TEMPLATE = {"template": {"spec": POD}}


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("Pod", POD),
        *((kind, TEMPLATE) for kind in ("StatefulSet", "DaemonSet", "Job", "Rollout")),
        ("CronJob", {"jobTemplate": {"spec": TEMPLATE}}),
    ],
)
def test_every_kind_that_creates_pods_is_judged(kind: str, spec: Mapping[str, object]) -> None:
    judged = of_kubernetes({"kind": kind, "metadata": {"name": "x", "namespace": "shop"}, "spec": spec})

    assert found(pod_security.find_beyond_baseline, judged) == f"{kind} shop/x: hostNetwork shares the node's own"


@pytest.mark.parametrize(
    ("resources", "missing"),
    [
        ({}, "limits.memory"),
        ({"limits": {"cpu": "1"}}, "limits.memory"),
        ({"limits": {"memory": "1Gi"}}, "requests.cpu"),
        ({"limits": {"memory": "1Gi"}, "requests": {"memory": "1Gi"}}, "requests.cpu"),
    ],
)
def test_a_container_without_a_memory_limit_or_a_cpu_request_is_found(
    resources: dict[str, object], missing: str
) -> None:
    assert missing in found(pod_security.find_unlimited, app({"resources": resources}))


def test_a_cpu_limit_stands_in_for_a_cpu_request() -> None:
    assert found(pod_security.find_unlimited, app({"resources": {"limits": {"cpu": "1", "memory": "1Gi"}}})) == ""


def test_a_container_that_can_write_its_files_is_found() -> None:
    assert "readOnlyRootFilesystem" in found(pod_security.find_writable, secured(readOnlyRootFilesystem=None))


@pytest.mark.parametrize(
    ("image", "words"),
    [
        ("app", "which is `latest`"),
        ("registry.example.com:5000/app", "which is `latest`"),
        ("app:latest", "another one tomorrow"),
        ("app:stable", "another one tomorrow"),
        ("", "no name of one"),
        ("app:1@sha256:short", "no name of one"),
    ],
)
def test_an_image_that_may_change_under_its_name_is_found(image: str, words: str) -> None:
    assert words in found(images.find_unpinned, app({"image": image}))


@pytest.mark.parametrize("image", ["registry.example.com:5000/app:1", f"app@{DIGEST}", f"app:latest@{DIGEST}", UNKNOWN])
def test_an_image_of_one_version_or_one_digest_is_in_order(image: str) -> None:
    assert found(images.find_unpinned, app({"image": image})) == ""


def test_where_versions_py_pins_a_digest_any_other_image_of_the_repository_is_found() -> None:
    def judge(image: str) -> list[str]:
        return [each.what for each in images.find_unpinned(app({"image": image}), {"example.com/app": DIGEST})]

    assert judge(f"example.com/app:1.2.3@{DIGEST}") == []
    assert "is not the one that versions.py pins" in judge("example.com/app:1.2.3")[0]
    assert "is not the one that versions.py pins" in judge(f"example.com/app@{DIGEST[:-1]}1")[0]
    assert judge("example.com/other:1.2.3") == []


def test_a_finding_names_the_object_and_the_container() -> None:
    judged = app({"image": "app"})

    assert found(images.find_unpinned, judged).startswith("Deployment shop/app, container app: ")
    assert mapping(judged.content)["kind"] == "Deployment"
