"""The generated parts of the documentation: the README's diagram, the settings, the commands, the calls of AWS.

`make docs` writes them, each between two marks; a test compares them with the program.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from typer.core import TyperArgument, TyperCommand, TyperOption
from typer.main import get_group

from components.addons import external_dns, load_balancer_policy
from components.addons.load_balancer_policy import Extra
from components.resources.iam_policy import Condition, Statement
from settings import Settings
from settings.values import sections_in
from tests.deployment import Deployment, Registration
from tests.engine import STACK
from tests.iam import load_balancer_requests, test_add_on_rights
from tests.iam.stack import CLUSTER
from tests.program import ROOT, ZONE, run_program
from tests.settings_keys import Setting, settings
from workshop.cli import app

WHOLE = {"delivery": json.dumps({"argoCd": {"enabled": True}})}
"""Settings with every part but the demo of Argo CD, which would take the place of Pulumi's."""
INSTALLED = ("kubernetes:helm.sh/v3:Release", "kubernetes:helm.sh/v4:Chart")

Needs = Mapping[str, set[str]]


def draw(deployment: Deployment) -> str:
    """Return the diagram in Mermaid's syntax; an arrow leads from a part to what has to exist before it."""
    parts = deployment.children(deployment.one(STACK))
    arrows = [
        f"  {part} --> {other}" for part, others in direct(needs(deployment, parts)).items() for other in sorted(others)
    ]
    lines = ["flowchart LR", *(line for part in parts for line in box(deployment, part)), *arrows]
    return "".join(f"{line}\n" for line in lines)


def box(deployment: Deployment, part: Registration) -> Iterator[str]:
    """Yield a part with its own components and charts."""
    inner = [each for each in deployment.children(part) if not each.custom or each.type in INSTALLED]
    if not inner:
        yield f'  {part.name}["{part.name}"]'
        return
    yield f'  subgraph {part.name}["{part.name}"]'
    for each in inner:
        label = each.name.removeprefix(f"{part.name}-")
        yield f'    {each.name}(["{label}"])' if each.type in INSTALLED else f'    {each.name}["{label}"]'
    yield "  end"


def needs(deployment: Deployment, parts: list[Registration]) -> Needs:
    """Return which parts have a resource that waits for a resource of which others."""
    inside = {part.name: [part, *deployment.below(part)] for part in parts}
    urns = {name: {each.urn for each in found} for name, found in inside.items()}
    waited = {name: {urn for each in found for urn in each.dependencies} for name, found in inside.items()}
    return {
        name: {other for other in inside if other != name and waited[name] & urns[other]} for name in sorted(inside)
    }


def direct(all_: Needs) -> Needs:
    """Return the dependencies without those that follow from others."""
    return {
        name: {other for other in found if not any(other in _reached(all_, each) for each in found)}
        for name, found in all_.items()
    }


def _reached(all_: Needs, name: str) -> set[str]:
    return all_[name].union(*(_reached(all_, each) for each in all_[name]))


def diagram() -> str:
    """Return the diagram of the program in Markdown."""
    return f"```mermaid\n{draw(run_program(WHOLE))}```\n"


def settings_tables() -> str:
    """Return a table of settings for each section, with purpose, values and default."""
    return "\n".join(_tables(Settings))


def _tables(section: type[BaseModel], path: str = "") -> Iterator[str]:
    own = [each for each in settings(section, path) if path or "." not in each.key]
    inner = {field.alias: found[0] for field in section.model_fields.values() if (found := sections_in(field))}
    if path and len(inner) < len(section.model_fields):
        yield _table(f"`{path.removesuffix('.')}`", section.__doc__ or "", own)
        return
    if not path:
        yield _table("The stack", "What holds for the whole stack.", own)
    for name, each in inner.items():
        yield from _tables(each, f"{path}{name}.")


def _table(title: str, text: str, rows: list[Setting]) -> str:
    lines = [
        f"| `{key}` | {purpose.removesuffix('.')} | {field.description} | {_default(field)} |"
        for key, field, purpose in rows
    ]
    head = "| Setting | Purpose | Value | Default |\n| --- | --- | --- | --- |"
    return _plain("\n".join([f"### {title}\n\n{text}\n\n{head}", *lines, ""]))


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    default: object = field.default
    if default is None:
        return "none"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


TARGETS = dict(
    re.findall(r"^([a-z][a-z-]*):(?!=)(?:.*## )?(.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
)
"""The Makefile's targets, with the comments that `make help` prints."""
COMMANDS = {name: each for name, each in get_group(app).commands.items() if isinstance(each, TyperCommand)}
"""The commands of `python -m workshop`."""


def make_targets() -> str:
    rows = [f"| `make {name}` | {text} |\n" for name, text in TARGETS.items()]
    return _plain("".join(["| Target | What it does |\n| --- | --- |\n", *rows]))


def _plain(text: str) -> str:
    """Return Markdown in which `<` outside of code begins no tag of HTML."""
    return re.sub(r"`[^`]*`|<", lambda found: r"\<" if found[0] == "<" else found[0], text)


def commands() -> str:
    """Return the commands of `python -m workshop` with their options, from their own help."""
    parts: list[str] = []
    for panel, group in groupby(COMMANDS.values(), lambda command: command.rich_help_panel):
        parts.append(f"### {panel}\n")
        for command in group:
            options = [each for each in command.params if isinstance(each, TyperOption | TyperArgument)]
            options.sort(key=lambda option: not option.required)
            needed = [f"{each.opts[0]} <{each.name}>" for each in options if each.required]
            parts.append(f"#### `{' '.join([str(command.name), *needed])}`\n\n{command.help}\n")
            parts.append("".join(f"* `{each.opts[0]}`: {each.help}\n" for each in options))
    return _plain("\n".join(parts))


def role_statements() -> list[tuple[str, Sequence[Statement]]]:
    """Return the statements of both controllers' roles, with all extras, and for a domain below the zone."""
    return [
        ("the AWS Load Balancer Controller", load_balancer_policy.statements(CLUSTER, tuple(Extra))),
        ("ExternalDNS", external_dns.statements(CLUSTER, ZONE, "dev.example.com")),
    ]


def calls() -> list[tuple[str, str, str, Condition, str]]:
    """Return every call of AWS: the controller, the action, the statement, its condition, and the source file."""
    sources = {**load_balancer_requests.UPSTREAM, **test_add_on_rights.UPSTREAM}
    return [
        (who, action, each["Sid"], each.get("Condition", {}), sources[action])
        for who, found in role_statements()
        for each in found
        for action in each["Action"]
    ]


def calls_tables() -> str:
    """Return a table of the calls for each controller."""
    head = "| Call | Statement | Condition | Made in |\n| --- | --- | --- | --- |\n"
    parts = list[str]()
    for who, group in groupby(calls(), lambda call: call[0]):
        parts.append(f"## {who[0].upper()}{who[1:]}\n\n{head}")
        parts += [
            f"| `{action}` | {sid} | {_conditions(condition)} | {f'`{made}`' if made.endswith('.go') else made} |\n"
            for _, action, sid, condition, made in group
        ]
        parts.append("\n")
    return "".join(parts).removesuffix("\n")


def _conditions(condition: Condition) -> str:
    found = [
        f"`{key}` {OPERATORS[operator]} {' or '.join(f'`{each}`' for each in values)}"
        for operator, keys in condition.items()
        for key, value in keys.items()
        for values in ([[value] if isinstance(value, str) else value])
    ]
    return "<br>".join(found) or "none"


OPERATORS = {
    "StringEquals": "is",
    "ArnLike": "is like",
    "Null": "is absent:",
    "ForAllValues:StringEquals": "are all",
    "ForAllValues:StringLike": "are all like",
    "ForAllValues:StringNotEquals": "has none of",
}


GENERATED: Mapping[str, Callable[[], str]] = {
    "README.md": diagram,
    "docs/settings.md": settings_tables,
    "docs/iam/calls.md": calls_tables,
    "docs/commands.md": lambda: f"## Make targets\n\n{make_targets()}\n## `python -m workshop`\n\n{commands()}",
}
"""The generator of the text between the two marks of a file."""
MARKED = re.compile(r"(?<=<!-- generated by `make docs` -->\n).*?(?=<!-- end -->\n)", re.DOTALL)


def shown(path: str) -> str:
    """Return the text between a file's marks."""
    return "".join(MARKED.findall((ROOT / path).read_text(encoding="utf-8")))


if __name__ == "__main__":
    for path, generate in GENERATED.items():
        text = generate()
        written = MARKED.sub(lambda _, text=text: text, (ROOT / path).read_text(encoding="utf-8"))
        (ROOT / path).write_text(written, encoding="utf-8")
