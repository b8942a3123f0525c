"""What the engine runs in Python: the program, and plugins such as a policy pack."""

import os
import runpy
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import IO, TypeAlias

import grpc
from pulumi import RunError
from pulumi.runtime.proto.language_pb2 import RunPluginRequest, RunPluginResponse

Printed: TypeAlias = "SimpleQueue[RunPluginResponse | None]"
RUNNING: set["subprocess.Popen[bytes]"] = set()
"""The plugins that run now."""


def run_program(folder: Path) -> None:
    """Run `__main__.py` in a folder; whatever it raises becomes the message that the engine shows."""
    entry = folder / "__main__.py"
    if not entry.is_file():
        message = f"unable to find main python program `__main__.py` in `{folder}`"
        raise RunError(message)
    try:
        runpy.run_path(str(folder), run_name="__main__")
    except RunError:
        raise
    except SystemExit as ending:
        if ending.code not in {None, 0}:
            message = f"Program exited with non-zero exit code: {ending.code}"
            raise RunError(message) from None
    except Exception as error:  # noqa: BLE001 - the program's, shown as the real host shows it
        message = f"Program failed with an unhandled exception:\n{own_traceback(error, folder)}"
        raise RunError(message) from None


def own_traceback(error: BaseException, folder: Path) -> str:
    """The traceback from the program's first frame on."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [number for number, frame in enumerate(frames) if Path(frame.filename).is_relative_to(folder)]
    limit = -(len(frames) - own[0]) if own else None
    return "".join(traceback.format_exception(error, limit=limit))


def run_plugin(request: RunPluginRequest, context: grpc.ServicerContext) -> Iterator[RunPluginResponse]:
    """Run `__main__.py` in a plugin's folder until it ends, or until the engine has no more use for it.

    Gives what it prints, and its exit status last.
    """
    process = subprocess.Popen(
        [sys.executable, request.info.program_directory, *request.args],
        cwd=request.pwd or None,
        env=os.environ | dict(each.split("=", 1) for each in request.env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    RUNNING.add(process)
    context.add_callback(process.terminate)
    printed: Printed = SimpleQueue()
    for stream, response in ((process.stdout, on_output), (process.stderr, on_error)):
        Thread(target=hand_over, args=(stream, response, printed), daemon=True).start()
    for _ in range(2):  # until both streams are at their end
        yield from iter(printed.get, None)
    yield RunPluginResponse(exitcode=process.wait())
    RUNNING.discard(process)


def end_plugins() -> None:
    """End what still runs: a policy pack waits for ever, and would outlive its host."""
    for process in tuple(RUNNING):
        process.kill()


def hand_over(stream: IO[bytes], response: Callable[[bytes], RunPluginResponse], printed: Printed) -> None:
    """Put what a stream gives into a queue line by line, and None at its end."""
    for line in stream:
        printed.put(response(line))
    printed.put(None)


def on_output(line: bytes) -> RunPluginResponse:
    """A line of standard output."""
    return RunPluginResponse(stdout=line)


def on_error(line: bytes) -> RunPluginResponse:
    """A line of standard error."""
    return RunPluginResponse(stderr=line)
