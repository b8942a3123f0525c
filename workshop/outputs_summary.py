"""The command `outputs`: the last `up`'s outputs as Markdown for a job's summary, with secrets masked."""

from collections.abc import Iterator, Mapping

from rich.console import Console

from clients import pulumi_cli
from model.json_values import is_mapping
from settings import Settings
from workshop.previews.markdown import code, format_table
from workshop.previews.masking import mask
from workshop.terminal import print_text


def report(_: Settings, stack: str, console: Console) -> int:
    """Print a table of the outputs."""
    outputs = pulumi_cli.read_outputs(stack)
    table = format_table(("output", "value"), _list_rows(outputs))
    none = f"Stack {code(stack)} has no outputs yet: {code(f'make up STACK={stack}')} creates them."
    print_text(console, f"#### Outputs of {code(stack)}\n\n{table}" if outputs else none)
    return 0


def _list_rows(outputs: Mapping[str, object], *path: str) -> Iterator[tuple[str, str]]:
    """Yield every value with its path."""
    shown = mask(outputs)
    for name, value in sorted(shown.items()) if is_mapping(shown) else []:
        if is_mapping(value) and value:
            yield from _list_rows(value, *path, name)
        else:
            yield ".".join((*path, name)), str(value)
