"""`pulumi-language-python`: runs the program for the engine where Pulumi's own host cannot be had.

No Go module serves that host: the last one with it (`pulumi/sdk/v3` 3.68.0, May 2023) starts no policy pack.
"""

import os
import runpy
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from operator import methodcaller
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import IO, TypeAlias

import grpc
from pulumi import RunError
from pulumi.automation import PulumiFn, _server
from pulumi.automation._server import LanguageServer
from pulumi.runtime import run_in_stack
from pulumi.runtime.proto import language_pb2, language_pb2_grpc
from pulumi.runtime.proto.language_pb2 import RunPluginRequest, RunPluginResponse
from typing_extensions import override

MESSAGE_LIMIT = 400 * 1024 * 1024
PARENT_POLL_SECONDS = 1.0
ENGINE_IS_DONE = "resource monitor shut down"
Printed: TypeAlias = "SimpleQueue[RunPluginResponse | None]"
RUNNING: set["subprocess.Popen[bytes]"] = set()
"""The plugins that run now."""


def run_program(folder: Path) -> None:
    """Run `__main__.py` in a folder; whatever it raises becomes the message that the engine shows."""
    entry = folder / "__main__.py"
    if not entry.is_file():
        raise RunError(f"unable to find main python program `__main__.py` in `{folder}`")
    try:
        runpy.run_path(str(folder), run_name="__main__")
    except RunError:
        raise
    except SystemExit as ending:
        if ending.code not in {None, 0}:
            raise RunError(f"Program exited with non-zero exit code: {ending.code}") from None
    except Exception as error:  # noqa: BLE001 - the program's, shown as the real host shows it
        raise RunError(f"Program failed with an unhandled exception:\n{own_traceback(error, folder)}") from None


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
    for stream in (process.stdout, process.stderr):
        options = {"is_error": stream is process.stderr}
        Thread(target=hand_over, args=(stream, printed), kwargs=options, daemon=True).start()
    for _ in range(2):  # until both streams are at their end
        yield from iter(printed.get, None)
    yield RunPluginResponse(exitcode=process.wait())
    RUNNING.discard(process)


def hand_over(stream: IO[bytes], printed: Printed, *, is_error: bool) -> None:
    """Put what a stream gives into a queue line by line, and None at its end."""
    for line in stream:
        printed.put(RunPluginResponse(stderr=line) if is_error else RunPluginResponse(stdout=line))
    printed.put(None)


async def run_until_the_engine_ends(program: PulumiFn) -> None:
    """Run the program; if the engine ends first, because a resource failed, that is no error of the program."""
    try:
        await run_in_stack(program)
    except Exception as error:
        if str(error) != ENGINE_IS_DONE:
            raise


# The SDK's server would print 60 lines of traceback below the one that says which resource failed, and why.
_server.__dict__["run_in_stack"] = run_until_the_engine_ends


class PythonHost(LanguageServer):
    """Answers the engine. The SDK's server for inline programs does the work of a run."""

    def __init__(self, engine: str) -> None:
        super().__init__(self.run_chosen_program)
        self.inline = LanguageServer(self.run_chosen_program)
        self.engine, self.folder = engine, Path.cwd()

    def run_chosen_program(self) -> None:
        """Run the program of the request that is served."""
        run_program(self.folder)

    @override
    def Handshake(
        self, request: language_pb2.LanguageHandshakeRequest, context: grpc.ServicerContext
    ) -> language_pb2.LanguageHandshakeResponse:
        """Learn the engine's address."""
        self.engine = request.engine_address
        return language_pb2.LanguageHandshakeResponse()

    @override
    def Run(self, request: language_pb2.RunRequest, context: grpc.ServicerContext) -> language_pb2.RunResponse:
        """Run the program in its folder. Its errors are shown by its own log, so the engine need not repeat them."""
        self.folder = Path(request.info.program_directory or request.pwd)
        os.chdir(request.pwd or self.folder)
        sys.argv = [str(self.folder), *request.args]
        del request.args[:]
        request.args.append(self.engine)
        # Called by name, because its methods are not typed.
        response: language_pb2.RunResponse = methodcaller("Run", request, context)(self.inline)
        return language_pb2.RunResponse(bail=True) if response.error else response

    @override
    def RunPlugin(
        self, request: language_pb2.RunPluginRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.RunPluginResponse]:
        """Run a plugin that is written in Python: a policy pack."""
        return run_plugin(request, context)


def end_with_parent(parent: int) -> None:
    """End the process when the engine that started it is gone, even if it was killed."""
    while os.getppid() == parent:
        time.sleep(PARENT_POLL_SECONDS)
    end()


def end() -> None:
    """End the process, and the plugins that still run: a policy pack waits for ever, and would outlive its host."""
    for process in tuple(RUNNING):
        process.kill()
    os._exit(0)


def main() -> None:
    """Serve until the engine ends it. The engine's address is the last argument, the port goes to standard output."""
    options = [("grpc.max_send_message_length", MESSAGE_LIMIT), ("grpc.max_receive_message_length", MESSAGE_LIMIT)]
    server = grpc.server(ThreadPoolExecutor(max_workers=4), options=options)
    host = PythonHost(sys.argv[-1] if len(sys.argv) > 1 else "")
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
    port = server.add_insecure_port("127.0.0.1:0")
    for ending in (signal.SIGINT, signal.SIGTERM):  # the engine interrupts the host when it is done with it
        signal.signal(ending, lambda _number, _frame: end())
    Thread(target=end_with_parent, args=(os.getppid(),), daemon=True).start()
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    server.wait_for_termination()


if __name__ == "__main__":
    main()
