"""One object's change, as a diff of what is asked of it."""

import difflib
from collections.abc import Iterator

import yaml

from model.json_values import at
from workshop.previews.document import Step
from workshop.previews.markdown import visible
from workshop.previews.values import pair

LONGEST_LINE = 500
CONTEXT = 2
"""Lines that do not change around those that do."""


class _Dumper(yaml.CSafeDumper):
    """Writes each line of a text as one, so that a change in a long text shows as a change of lines."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002  its base asks so
        """Repeat what occurs twice instead of referring to it."""
        return True


def _text(_: yaml.CSafeDumper, value: str) -> yaml.ScalarNode:
    return yaml.ScalarNode("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Dumper.add_representer(str, _text)


def title(step: Step) -> str:
    """Return what an object is called in its cluster: kind, namespace and name; elsewhere its type and name."""
    inputs = step.state.inputs
    kind, name, namespace = (at(inputs, *path) for path in (("kind",), ("metadata", "name"), ("metadata", "namespace")))
    if isinstance(kind, str) and isinstance(name, str):
        return f"{kind} {namespace}/{name}" if isinstance(namespace, str) else f"{kind} {name}"
    return f"{step.type.rpartition(':')[2]} {step.name}"


def lines(step: Step) -> Iterator[str]:
    """Yield the lines that tell one object's change."""
    reasons = f", because of {', '.join(step.replace_reasons)}" if step.op == "replace" and step.replace_reasons else ""
    yield visible(f"@@ {step.op} {title(step)}{reasons} @@").replace("\n", "\\n")
    before, after = (each.inputs if each else {} for each in (step.old, step.new))
    old, new = pair(before if step.op != "create" else {}, after if step.op != "delete" else {})
    found = False
    for line in _diff(_written(old), _written(new)):
        found = True
        yield line
    if not found and (step.op == "update" or (step.op == "replace" and not reasons)):
        paths = ", ".join(sorted(step.detailed_diff or {})) or "what cannot be shown"
        yield visible(f"  only this changes: {paths}").replace("\n", "\\n")


def _written(value: object) -> list[str]:
    text = yaml.dump(value, Dumper=_Dumper, width=LONGEST_LINE, allow_unicode=True) if value else ""
    return visible(text).splitlines()


def _diff(old: list[str], new: list[str]) -> Iterator[str]:
    """Yield a diff; where one side is empty without looking for what is alike, which takes long on large objects."""
    if not old or not new:
        yield from (_short(f"-   {line}") for line in old)
        yield from (_short(f"+   {line}") for line in new)
        return
    for line in difflib.unified_diff(old, new, n=CONTEXT, lineterm=""):
        if line.startswith("@@"):
            yield "    ⋮"
        elif not line.startswith(("---", "+++")):
            yield _short(f"{line[0]}   {line[1:]}")


def _short(line: str) -> str:
    return line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}… ({len(line)} characters)"
