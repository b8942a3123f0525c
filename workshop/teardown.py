"""Takes away the workshops that are over, and nothing else.

Whoever is interrupted leaves a stack that is still over: the next run goes on where this one stopped.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from clients.pulumi_cli import Done, NoStackError, StackCli, read_settings
from model.moments import in_utc
from model.problem import InputError
from settings.ending import Ending, Stage, ending, needs_last_up

_TIME = TypeAdapter(datetime)
_LOCKED = "the stack is currently locked by"
_LOCK = re.compile(r"^\s+\S+: created by (\S+) \(pid \d+\) at (\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Order:
    """What a run is asked to do."""

    now: datetime
    warn_days: int
    unlock_hours: int
    """How old a lock has to be before it is taken for that of a run that is gone."""
    destroy: bool
    """Whether to take anything away; without it only what would be done is shown."""


@dataclass(frozen=True)
class Outcome:
    """What became of one stack."""

    stack: str
    stage: Stage | None
    """None where it is not known."""
    sentence: str
    done: str
    failed: bool = False


def stacks(folder: Path) -> list[str]:
    """Return the stacks that have a file of settings."""
    return sorted(path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in folder.glob("Pulumi.?*.yaml"))


def teardown(
    names: list[str], folder: Path, order: Order, cli: Callable[[str], StackCli] = StackCli
) -> Iterator[Outcome]:
    """Yield what became of each stack; one that fails keeps no other from its turn."""
    for name in names:
        try:
            yield _one(cli(name), folder, order)
        except NoStackError:
            yield Outcome(name, None, "its backend does not have it", "nothing to do")
        except InputError as error:
            problems = " ".join(map(str, error.problems))
            yield Outcome(name, None, problems, "left as it is", failed=True)
        except Exception as error:  # noqa: BLE001  whatever it is, the next workshop costs money
            found = f"it cannot be judged ({type(error).__name__})"
            yield Outcome(name, None, found, "left as it is, or in part; the next run goes on", failed=True)


def _one(cli: StackCli, folder: Path, order: Order) -> Outcome:
    settings = read_settings(cli.stack, folder)
    end = ending(settings, None, order.now, order.warn_days)
    if end.stage is Stage.ENDLESS:
        return Outcome(cli.stack, end.stage, end.sentence, "left alone")
    if needs_last_up(settings):
        end = ending(settings, cli.last_up(), order.now, order.warn_days)
    if end.stage is not Stage.OVER:
        return Outcome(cli.stack, end.stage, end.sentence, "left alone")
    return _take_away(cli, end, order)


def _take_away(cli: StackCli, end: Ending, order: Order) -> Outcome:
    if not order.destroy:
        shown = cli.preview_destroy().status == 0
        done = "would be taken away" if shown else "what would be taken away cannot be told"
        return Outcome(cli.stack, end.stage, end.sentence, done, failed=not shown)
    done = cli.destroy()
    if done.status and _stale(done, order):
        cli.unlock()
        done = cli.destroy()
    if done.status:
        by = (
            f"locked by {', '.join(who for who, _ in _locks(done))}"
            if _locks(done)
            else "not all of it is gone, see above"
        )
        return Outcome(cli.stack, end.stage, end.sentence, f"{by}; the next run goes on", failed=True)
    if cli.remove().status:
        return Outcome(cli.stack, end.stage, end.sentence, "empty, but not removed; the next run goes on", failed=True)
    return Outcome(cli.stack, end.stage, end.sentence, "taken away; nothing is left")


def _locks(done: Done) -> list[tuple[str, datetime]]:
    """Return who holds a lock since when, where a lock is what a run failed of."""
    if _LOCKED not in done.output:
        return []
    try:
        return [(who, in_utc(_TIME.validate_python(since))) for who, since in _LOCK.findall(done.output)]
    except ValidationError:
        return []


def _stale(done: Done, order: Order) -> bool:
    """Whether a run failed of locks alone that are all older than any run lasts."""
    locks, oldest = _locks(done), order.now - timedelta(hours=order.unlock_hours)
    return bool(locks) and all(since < oldest for _, since in locks)
