"""What the last `up` gave out, as Markdown for a job's summary; secret outputs stay masked."""

from collections.abc import Iterator, Mapping

from rich.console import Console

from clients import pulumi_cli
from model.json_values import is_mapping
from settings import Settings
from workshop.previews.markdown import code
from workshop.previews.values import one


def report(_: Settings, stack: str, console: Console) -> int:
    """Print a table of the outputs."""
    rows = [f"| {code(name)} | {code(value, 300)} |" for name, value in _rows(pulumi_cli.read_outputs(stack))]
    lines = [f"#### Outputs of {code(stack)}", "", "| output | value |", "| --- | --- |", *rows]
    console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)
    return 0


def _rows(outputs: Mapping[str, object], *path: str) -> Iterator[tuple[str, str]]:
    """Yield every value with the path that leads to it."""
    shown = one(outputs)
    for name, value in sorted(shown.items()) if is_mapping(shown) else []:
        if is_mapping(value) and value:
            yield from _rows(value, *path, name)
        else:
            yield ".".join((*path, name)), str(value).replace("|", "\\|")
