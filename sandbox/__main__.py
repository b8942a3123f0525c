"""`python -m sandbox`: the sandbox on the command line."""

import argparse
import sys
from collections.abc import Sequence

from sandbox import bench, control_plane, launcher, paths, rollouts, tools
from sandbox.console import SandboxError, say


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    top = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    top.add_argument("--home", help="folder of the sandbox (default: $SANDBOX_HOME, else .sandbox in the checkout)")
    commands = top.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="start the control plane; harmless if it runs")
    down = commands.add_parser("down", help="stop the control plane; its data stays")
    down.add_argument("--wipe", action="store_true", help="remove the data, too")
    commands.add_parser("bench", help="time the stack in a sandbox of its own, beside the same by hand")
    commands.add_parser("rollouts", help="start the Argo Rollouts controller beside it, so that canaries run")
    commands.add_parser("workflows", help="lint the files of .github/workflows")
    commands.add_parser("status", help="what runs, where, and how much memory it takes")
    pulumi = commands.add_parser("pulumi", help="run the Pulumi engine with what it needs here")
    pulumi.add_argument("--stack", required=True, help="the stack, such as local or dev")
    pulumi.add_argument("--project", default=".", help="folder of Pulumi.yaml (default: the current one)")
    pulumi.add_argument("arguments", nargs=argparse.REMAINDER, help="after --: arguments of pulumi")
    beside = commands.add_parser("run", help="run a command that sees what the engine sees with ON_SANDBOX=1")
    beside.add_argument("--stack", required=True, help="a stack on EKS, such as dev")
    beside.add_argument("--project", default=".", help="folder of Pulumi.yaml (default: the current one)")
    beside.add_argument("arguments", nargs=argparse.REMAINDER, help="after --: the command")
    return top


def run(options: argparse.Namespace) -> int:
    """Run the chosen command and return the exit status."""
    home = paths.home(options.home)
    if options.command == "up":
        control_plane.up(home)
    elif options.command == "down":
        control_plane.down(home, wipe=options.wipe)
    elif options.command == "bench":
        bench.run()
    elif options.command == "rollouts":
        rollouts.up(home)
    elif options.command == "workflows":
        return tools.lint_workflows(paths.PROJECT)
    elif options.command == "status":
        return control_plane.show_status(home)
    elif options.command in ("pulumi", "run"):
        arguments = options.arguments[1:] if options.arguments[:1] == ["--"] else [*options.arguments]
        start = launcher.run_beside if options.command == "run" else launcher.run
        start(home, options.project, options.stack, arguments)
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what went wrong as one sentence."""
    try:
        return run(parser().parse_args(arguments))
    except (SandboxError, OSError) as failure:
        say(f"error: {failure}")
        return 1
    except KeyboardInterrupt:
        say("interrupted")
        return 130


if __name__ == "__main__":
    sys.exit(main())
