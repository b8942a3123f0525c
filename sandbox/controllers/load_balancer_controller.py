"""Simulates the AWS Load Balancer Controller."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sandbox.api_client import ApiClient
from sandbox.console import say
from sandbox.controllers.aws import Aws
from sandbox.controllers.balancers import Balancers
from sandbox.controllers.cluster import Ingress, ingresses, merge
from sandbox.controllers.deployment import Deployment
from sandbox.controllers.groups import DisagreementError, Group, groups
from sandbox.controllers.network import Network


@dataclass
class LoadBalancerController:
    """Creates load balancers for Ingresses, whose finalizers stay until their load balancers are deleted."""

    api: ApiClient
    aws: Aws
    cluster: str
    complaints: list[str] = field(default_factory=list[str])
    """The errors that the real one would report of Ingresses that it cannot serve."""
    deployment: Deployment = field(default_factory=lambda: Deployment("aws-load-balancer-controller"))
    _served: dict[str, Sequence[Ingress]] = field(default_factory=dict[str, Sequence[Ingress]])

    def step(self) -> None:
        """Reconcile once; raises what the API server and AWS raise."""
        if not self.deployment.works(self.api, self.aws, self.cluster):
            return
        name, vpc = self.deployment.value("cluster-name"), self.deployment.value("aws-vpc-id")
        balancers = Balancers(self.aws, Network(self.aws, name, vpc))
        found = groups(ingresses(self.api))
        for group in found:
            if group.members:
                self._serve(balancers, group)
            elif group.leaving:
                balancers.remove(group, last=not any(each.members for each in found))
                self._served.pop(group.id, None)
            self._let_go(group)

    def _serve(self, balancers: Balancers, group: Group) -> None:
        if self._served.get(group.id) == group.members:
            return
        for each in group.members:
            if group.finalizer not in each.finalizers:
                finalizers = [*each.finalizers, group.finalizer]
                merge(self.api, each.path, {"metadata": {"finalizers": finalizers}})
        try:
            address = balancers.make(group)
        except DisagreementError as complaint:
            self.complaints.append(str(complaint))
            say(f"load balancer controller: {complaint}")
            return
        for each in group.members:
            if each.address != address:
                status = {"loadBalancer": {"ingress": [{"hostname": address}]}}
                merge(self.api, f"{each.path}/status", {"status": status})
        self._served[group.id] = group.members

    def _let_go(self, group: Group) -> None:
        """Remove the finalizers of deleted Ingresses, whose rules (or whole load balancer) no longer exist."""
        for each in group.leaving:
            left = [finalizer for finalizer in each.finalizers if finalizer != group.finalizer]
            merge(self.api, each.path, {"metadata": {"finalizers": left}})
