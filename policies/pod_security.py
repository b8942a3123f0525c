"""The Pod Security Standards, as Kubernetes' own admission has them, and what every container has to have.

Source: kubernetes.io/docs/concepts/security/pod-security-standards
"""

from collections.abc import Iterator

from model.json_values import Json, mapping, mappings
from policies.judged import Container, Finding, Judged, containers, pod_template, texts

DEFAULT_CAPABILITIES = {
    *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD"),
    *("NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
}
"""What a container runtime grants by default, so that a request for it adds nothing."""

SAFE_SYSCTLS = {
    *("kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start"),
    *("net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports"),
    *("net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl"),
    *("net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"),
}
SAFE_VOLUMES = {
    *("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim"),
    *("projected", "secret"),
}
SELINUX_TYPES = {"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}
PROFILES = {"RuntimeDefault", "Localhost"}


def find_beyond_baseline(judged: Judged) -> Iterator[Finding]:
    """Yield what the profile `baseline` forbids: rights that a container runtime does not give by itself."""
    pod = mapping((pod_template(judged) or {}).get("spec"))
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(key):
            yield Finding(str(judged), f"{key} shares the node's own")
    for volume in mappings(pod.get("volumes")):
        if "hostPath" in volume:
            yield Finding(f"{judged}, volume {volume.get('name')}", "hostPath reaches the node's files")
    for sysctl in mappings(mapping(pod.get("securityContext")).get("sysctls")):
        if sysctl.get("name") not in SAFE_SYSCTLS:
            yield Finding(str(judged), f"the sysctl {sysctl.get('name')} is not one of a pod's own")
    yield from _profiles(str(judged), mapping(pod.get("securityContext")))
    for container in containers(judged):
        yield from _baseline_of(container)


def find_beyond_restricted(judged: Judged) -> Iterator[Finding]:
    """Yield what the profile `restricted` forbids; it includes `baseline`."""
    yield from find_beyond_baseline(judged)
    pod = mapping((pod_template(judged) or {}).get("spec"))
    for volume in mappings(pod.get("volumes")):
        for source in set(volume) - SAFE_VOLUMES - {"name", "hostPath"}:
            yield Finding(f"{judged}, volume {volume.get('name')}", f"{source} is no kind of volume for an app")
    for container in containers(judged):
        yield from _restricted_of(container, mapping(pod.get("securityContext")))


def find_unlimited(judged: Judged) -> Iterator[Finding]:
    """Yield the containers without a memory limit, or without any CPU request or limit.

    A CPU limit is not required: it slows a container down on an idle node, and a request is enough for the others.
    """
    for container in containers(judged):
        resources = mapping(container.content.get("resources"))
        limits, requests = mapping(resources.get("limits")), mapping(resources.get("requests"))
        if not limits.get("memory"):
            yield Finding(container.where, "there is no limit of its memory (resources.limits.memory)")
        if not (requests.get("cpu") or limits.get("cpu")):
            yield Finding(container.where, "no CPU is asked for it (resources.requests.cpu)")


def find_writable(judged: Judged) -> Iterator[Finding]:
    """Yield the containers that can change their own programs."""
    for container in containers(judged):
        if mapping(container.content.get("securityContext")).get("readOnlyRootFilesystem") is not True:
            yield Finding(container.where, "it can write its own files (readOnlyRootFilesystem is not true)")


def _baseline_of(container: Container) -> Iterator[Finding]:
    where, content = container
    security = mapping(content.get("securityContext"))
    if security.get("privileged"):
        yield Finding(where, "it is privileged: it owns the node")
    added = set(texts(mapping(security.get("capabilities")).get("add"))) - DEFAULT_CAPABILITIES
    if added:
        yield Finding(where, f"it gets the capabilities {', '.join(sorted(added))}")
    if security.get("procMount", "Default") != "Default":
        yield Finding(where, f"procMount is {security.get('procMount')}")
    for port in mappings(content.get("ports")):
        if port.get("hostPort"):
            yield Finding(where, f"it takes the node's port {port.get('hostPort')}")
    yield from _profiles(where, security)


def _profiles(where: str, security: Json) -> Iterator[Finding]:
    """Yield the options in a pod's or a container's security context that weaken its confinement."""
    for key in ("seccompProfile", "appArmorProfile"):
        profile = mapping(security.get(key)).get("type")
        if profile is not None and profile not in PROFILES:
            yield Finding(where, f"{key} is {profile}")
    selinux = mapping(security.get("seLinuxOptions"))
    if selinux.get("type", "") not in SELINUX_TYPES or selinux.get("user") or selinux.get("role"):
        yield Finding(where, "seLinuxOptions take it out of its confinement")
    if mapping(security.get("windowsOptions")).get("hostProcess"):
        yield Finding(where, "it is a process of a Windows host")


def _restricted_of(container: Container, of_pod: Json) -> Iterator[Finding]:
    where, content = container
    security = mapping(content.get("securityContext"))
    capabilities = mapping(security.get("capabilities"))
    if security.get("allowPrivilegeEscalation") is not False:
        yield Finding(where, "it can get more rights than it starts with (allowPrivilegeEscalation is not false)")
    if "ALL" not in texts(capabilities.get("drop")):
        yield Finding(where, "it keeps capabilities (capabilities.drop has no ALL)")
    added = set(texts(capabilities.get("add"))) & DEFAULT_CAPABILITIES - {"NET_BIND_SERVICE"}
    if added:
        yield Finding(where, f"it takes the capabilities {', '.join(sorted(added))} back")
    if security.get("runAsNonRoot", of_pod.get("runAsNonRoot")) is not True:
        yield Finding(where, "it may run as root (runAsNonRoot is not true)")
    if security.get("runAsUser", of_pod.get("runAsUser")) == 0:
        yield Finding(where, "it runs as root (runAsUser is 0)")
    profile = mapping(security.get("seccompProfile")) or mapping(of_pod.get("seccompProfile"))
    if profile.get("type") not in PROFILES:
        yield Finding(where, "it may make every system call (seccompProfile is not RuntimeDefault)")
