"""The resources that a program has registered, with the questions that tests ask about them."""

from collections.abc import Iterable
from dataclasses import dataclass

from pulumi import ResourceTransform

from tests.recorded_values import at, mapping


@dataclass
class Registration:
    """One resource as the program handed it to the engine."""

    urn: str
    type: str
    name: str
    parent: str
    """The parent's URN; empty for the stack."""
    custom: bool
    remote: bool
    inputs: dict[str, object]
    dependencies: frozenset[str]
    """URNs, those that inputs bring as well as those of `depends_on`."""
    provider: str
    """`<urn>::<id>`; empty where the program names none."""
    options: dict[str, object]
    """Options that deviate from their defaults."""
    transforms: list[ResourceTransform]
    order: int
    """The number of resources that were registered before."""
    outputs: dict[str, object] | None = None
    """The outputs that a component registered at its end; None if it never did."""

    def at(self, *path: str | int) -> object:
        """Return the input at `path`; a Secret if it lies in one. Raises LookupError if there is none."""
        return at(self.inputs, *path)

    def look(self, path: str) -> object:
        """Return the input at `path`, whose keys and indices are separated by blanks."""
        return self.at(*(int(step) if step.isdigit() else step for step in path.split()))

    def select(self, paths: Iterable[str]) -> dict[str, object]:
        """Return the inputs at `paths` by their path."""
        return {path: self.look(path) for path in paths}


@dataclass
class Deployment:
    """Everything that a program registered."""

    registrations: list[Registration]
    exports: dict[str, object]
    """The stack's outputs."""

    def of(self, type_: str) -> list[Registration]:
        """Return all resources of a type."""
        return [each for each in self.registrations if each.type == type_]

    def one(self, type_: str) -> Registration:
        """Return the only resource of a type."""
        found = self.of(type_)
        assert len(found) == 1, f"{len(found)} resources of type {type_}: {[each.name for each in found]}"
        return found[0]

    def named(self, name: str) -> Registration:
        """Return the resource of that name."""
        found = [each for each in self.registrations if each.name == name]
        assert len(found) == 1, f"{len(found)} resources of name {name} among {self.names}"
        return found[0]

    def container(self, name: str) -> dict[str, object]:
        """Return the first container of the Deployment or Rollout of that name."""
        return mapping(self.named(name).at("spec", "template", "spec", "containers", 0))

    def changed(self, other: "Deployment") -> list[str]:
        """Return the names of the resources whose inputs differ in `other`, which has the same resources."""
        pairs = zip(self.registrations, other.registrations, strict=True)
        return [mine.name for mine, theirs in pairs if mine.inputs != theirs.inputs]

    @property
    def names(self) -> set[str]:
        """The names of all resources."""
        return {each.name for each in self.registrations}

    def parent_of(self, child: Registration) -> Registration:
        """Return the resource that `child` belongs to."""
        return next(each for each in self.registrations if each.urn == child.parent)

    def children(self, parent: Registration) -> list[Registration]:
        """Return the children of `parent`, by name."""
        found = (each for each in self.registrations if each.parent == parent.urn)
        return sorted(found, key=lambda each: each.name)

    def below(self, component: Registration) -> list[Registration]:
        """Return everything under a component that a provider creates."""
        children = self.children(component)
        own = [each for each in children if each.custom or each.remote]
        return own + [each for child in children for each in self.below(child)]

    def before(self, waiting: Registration) -> list[str]:
        """Return the names that `waiting` waits for; a component's name stands for everything in it."""
        left, names = set(waiting.dependencies), list[str]()
        for each in self.registrations:
            inside = {other.urn for other in self.below(each)}
            if not each.custom and len(inside) > 1 and inside <= waiting.dependencies:
                names.append(each.name)
                left -= inside
        outer = [name for name in names if self.parent_of(self.named(name)).name not in names]
        return sorted([*outer, *(each.name for each in self.registrations if each.urn in left)])

    def all_before(self, waiting: Registration) -> set[str]:
        """Return the names of all that is created before `waiting` and, on destroy, deleted after it.

        It and its parents wait for those, directly or through others.
        """
        by_urn = {each.urn: each for each in self.registrations}
        found, left = set[str](), {waiting.urn}
        while left:
            waited = {urn for each in left for urn in {*by_urn[each].dependencies, by_urn[each].parent}}
            found, left = found | left, {urn for urn in waited if urn in by_urn} - found - left
        return {by_urn[urn].name for urn in found} - {waiting.name}

    def tree(self) -> str:
        """Return the tree of resources: name, type, options and what is waited for, one resource per line."""
        return "".join(f"{line}\n" for each in self.registrations if not each.parent for line in self._lines(each, 0))

    def _lines(self, each: Registration, depth: int) -> list[str]:
        options = "".join(f" {key}={value}" for key, value in sorted(each.options.items()))
        after = f" <- {', '.join(self.before(each))}" if each.dependencies else ""
        line = f"{'  ' * depth}{each.name} ({each.type}){options}{after}"
        return [line, *(line for child in self.children(each) for line in self._lines(child, depth + 1))]
