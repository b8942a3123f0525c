"""The operator's command: `python -m workshop <command>`. Each command is one function; its module does the work.

What a command needs is imported by it: together they take a second, which `--help` and most commands need not wait for.
"""
# ruff: noqa: PLC0415

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from rich.console import Console
from typer import Argument, Exit, Option, Typer

from model.moments import MOST_DAYS
from model.problem import InputError, Problem

if TYPE_CHECKING:
    from settings import Settings

OPERATE, REVIEW = "Operate a stack", "Review a change in a pull request"
Stack = Annotated[str, Option(help="The stack's name, as in Pulumi.<stack>.yaml.")]
Yes = Annotated[bool, Option("--yes", help="Do not ask.")]
Folder = Annotated[Path, Option(help="The folder of the preview's files.")]


def _exit(status: int) -> None:
    raise Exit(status)


app = Typer(
    help="Operate the workshop's stacks: everything around `pulumi up`, `preview` and `destroy`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # they print local variables, which may hold secrets
    result_callback=_exit,
)


def _load(stack: str) -> "tuple[Settings, str, Console]":
    """Return the first arguments of most commands."""
    from clients.pulumi_cli import read_settings

    return read_settings(stack), stack, Console()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status. A wrong input, or a file that it cannot use, has no traceback."""
    try:
        app(arguments, prog_name="python -m workshop")
    except InputError as error:
        Console(stderr=True).print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        return 1
    except OSError as error:  # such as of an output folder that is a file, or that may not be written to
        if not error.filename or not error.strerror:
            raise
        fix = "Choose another folder or file, or change its permissions."
        problem = Problem(str(error.filename), error.strerror, "the command has to use it", fix)
        Console(stderr=True).print(str(problem), style="red", markup=False, highlight=False, soft_wrap=True)
        return 1
    except SystemExit as end:
        return int(end.code or 0)
    return 0


@app.command(rich_help_panel=OPERATE)
def check_cluster(stack: Stack) -> int:
    """Check whether the cluster and the AWS account are ready for the stack."""
    from workshop.check_cluster import check_cluster

    return check_cluster(*_load(stack))


@app.command(rich_help_panel=OPERATE)
def verify(
    stack: Stack,
    *,
    json: Annotated[bool, Option("--json", help="Print JSON instead of a table.")] = False,
    requests: Annotated[int | None, Option(min=1, help="How many requests judge booksapp's share of errors.")] = None,
    seconds: Annotated[
        int | None, Option(min=1, help="For how many seconds to watch the traffic of the demos.")
    ] = None,
) -> int:
    """Check that the mesh is healthy and that each demo behaves as its settings say. Exit status 1 if one does not."""
    from workshop.verify.run import verify

    return verify(stack, as_json=json, requests=requests, seconds=seconds)


@app.command(rich_help_panel=OPERATE)
def reset(
    stack: Stack,
    *,
    attendee: Annotated[str | None, Option(help="Restore one attendee's demos instead of the stack's own.")] = None,
    yes: Yes = False,
) -> int:
    """Restore the demos to their state before the workshop. The mesh stays as it is."""
    from workshop.reset.command import reset

    return reset(stack, attendee, ask=not yes)


@app.command(rich_help_panel=OPERATE)
def handouts(
    stack: Stack,
    *,
    folder: Annotated[Path, Option(help="The folder to write to; it is created if necessary.")] = Path("handouts"),
    hours: Annotated[int, Option(min=1, max=MOST_DAYS, help="How long the logins last at most, in hours.")] = 24,
) -> int:
    """Write a page and a kubeconfig for each attendee. The logins end with the workshop."""
    from workshop.handouts import write_handouts

    settings, _, console = _load(stack)
    return write_handouts(settings, stack, folder, hours, console)


@app.command(rich_help_panel=OPERATE)
def demo(
    stack: Annotated[str, Option(help="The stack whose name the commands carry.")],
    name: Annotated[str | None, Argument(help="Which demo; without it the demos are listed.")] = None,
) -> int:
    """Print the script of a demo: its section of docs/demos.md."""
    from workshop.demo_script import print_script

    return print_script(name, stack)


@app.command(rich_help_panel=OPERATE)
def expiry(
    stack: Stack,
    *,
    days: Annotated[int, Option(min=0, max=MOST_DAYS, help="For how many days certificates have to last.")] = 30,
) -> int:
    """List when the certificates end. Exit status 1 if one ends too early."""
    from workshop.expiry import report

    return report(*_load(stack), days=days)


@app.command(rich_help_panel=OPERATE)
def outputs(stack: Stack) -> int:
    """Print the outputs of the last `up` as Markdown. Secret outputs stay masked."""
    from workshop.outputs_summary import report

    return report(*_load(stack))


@app.command(rich_help_panel=OPERATE)
def destroy(
    stack: Stack,
    *,
    yes: Yes = False,
    seconds: Annotated[
        int, Option(min=1, help="How many seconds the deletion of load balancers and DNS records may take.")
    ] = 300,
) -> int:
    """Destroy the stack, wait until its load balancers and DNS records are deleted, and list what is left."""
    from workshop.drain import commands

    return commands.destroy_stack(*_load(stack), yes=yes, seconds=seconds)


@app.command(rich_help_panel=OPERATE)
def leftovers(stack: Stack) -> int:
    """List what a destroyed stack has left in its cluster and its account."""
    from workshop.leftovers import report

    return report(*_load(stack))


@app.command(rich_help_panel=OPERATE)
def release_hosts(stack: Stack, *, yes: Yes = False) -> int:
    """Delete the stack's load balancers and DNS records in place of a controller that does not work."""
    from workshop.drain import commands

    return commands.release_hosts(*_load(stack), yes=yes)


@app.command(rich_help_panel=OPERATE)
def forget_cluster(stack: Stack, *, yes: Yes = False) -> int:
    """Remove a stack whose cluster was deleted from the state, and what it left in the account."""
    from workshop.drain import commands

    return commands.forget_cluster(*_load(stack), yes=yes)


@app.command(rich_help_panel=OPERATE)
def teardown(
    *,
    stack: Annotated[list[str] | None, Option(help="A stack's name; without it every stack that has a file.")] = None,
    yes: Annotated[bool, Option("--yes", help="Destroy; without it the command only prints what it would do.")] = False,
    check: Annotated[
        bool, Option("--check", help="Only print which stacks an `up` leaves out, such as one whose last day is over.")
    ] = False,
    warn_days: Annotated[int, Option(min=0, max=MOST_DAYS, help="For how many days before the end to warn.")] = 3,
    unlock_hours: Annotated[
        int, Option(min=0, max=MOST_DAYS, help="Age at which the lock of a killed run is removed, in hours.")
    ] = 6,
) -> int:
    """Destroy the stacks whose workshop is over."""
    from workshop.teardown import check_ends, tear_down_all

    return check_ends(stack) if check else tear_down_all(stack, warn_days, unlock_hours, destroy=yes)


@app.command(rich_help_panel=OPERATE)
def fill_mirror(folder: Annotated[Path, Option(help="The archives' folder; it is created if necessary.")]) -> int:
    """Fill a folder with all charts and a list of all images, for a network without the internet."""
    from workshop.fill_mirror import fill

    fill(folder, Console())
    return 0


@app.command(rich_help_panel=OPERATE)
def kind() -> int:
    """Create a kind cluster, which runs in Docker, and bring the stack `kind` up on it."""
    from workshop.kind import create

    return create(Console())


@app.command(rich_help_panel=OPERATE)
def kind_down() -> int:
    """Destroy and remove the stack `kind`, and delete its cluster."""
    from workshop.kind import delete

    return delete(Console())


@app.command(rich_help_panel=REVIEW)
def record_preview(
    stack: Stack,
    folder: Folder,
    *,
    plan: Annotated[bool, Option("--plan", help="Save a plan, too, beside the folder: <folder>-plan.json.")] = False,
    policy_pack: Annotated[list[str] | None, Option(help="A folder of policies that judge the preview.")] = None,
) -> int:
    """Preview a stack into the files of a folder, without secrets."""
    from workshop.previews.recording import record

    return record(stack, folder, plan=plan, policies=policy_pack or [])


@app.command(rich_help_panel=REVIEW)
def record_failure(folder: Folder, log: Annotated[Path, Option(help="What the failed command printed.")]) -> int:
    """Save in the folder why there is no preview."""
    from workshop.previews.recording import record_failure

    record_failure(folder, log)
    return 0


@app.command(rich_help_panel=REVIEW)
def comment(  # noqa: PLR0913 - options, by name
    *,
    stack: Stack,
    folder: Folder,
    commit: Annotated[str, Option(help="The commit that was previewed.")],
    run_url: Annotated[str, Option(help="Where the run is shown.")],
    to: Annotated[Path, Option(help="The file to write the comment to.")],
    sandbox: Annotated[bool, Option("--sandbox", help="The preview was made on a sandbox.")] = False,
    whole: Annotated[
        Path | None, Option(help="A file for the whole diff, which may be too long for a comment.")
    ] = None,
) -> int:
    """Write the comment about a recorded preview."""
    from workshop.previews.comment import Origin, compose, whole_diff
    from workshop.previews.recording import read_result

    result = read_result(folder, stack)
    to.write_text(compose(result, Origin(commit, run_url, sandbox), datetime.now(UTC)), encoding="utf-8")
    if whole:
        whole.write_text(whole_diff(result), encoding="utf-8")
    return 0
