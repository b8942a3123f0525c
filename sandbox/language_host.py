"""`pulumi-language-python`: runs the program for the engine where Pulumi's own host cannot be had."""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import distributions
from operator import methodcaller
from pathlib import Path

import grpc
from google.protobuf import empty_pb2
from pulumi.automation import PulumiFn, _server
from pulumi.automation._server import LanguageServer
from pulumi.runtime import run_in_stack
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2
from typing_extensions import override

from sandbox.python_programs import end_plugins, run_plugin, run_program

MESSAGE_LIMIT = 400 * 1024 * 1024
PARENT_POLL_SECONDS = 1.0
ENGINE_IS_DONE = "resource monitor shut down"


async def run_until_the_engine_ends(program: PulumiFn) -> None:
    """Run the program; that the engine is done before it, because a resource failed, is no error of the program."""
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

    @override
    def GetPluginInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        """Who answers."""
        return plugin_pb2.PluginInfo(version="0.0.0-sandbox")

    @override
    def InstallDependencies(
        self, request: language_pb2.InstallDependenciesRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.InstallDependenciesResponse]:
        """Say that the virtual environment is the user's."""
        text = b"sandbox: the program uses the Python environment that the sandbox runs in\n"
        yield language_pb2.InstallDependenciesResponse(stdout=text)

    @override
    def GetProgramDependencies(
        self, request: language_pb2.GetProgramDependenciesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetProgramDependenciesResponse:
        """What is installed beside the program."""
        found = sorted({(each.name, each.version) for each in distributions()})
        return language_pb2.GetProgramDependenciesResponse(
            dependencies=[language_pb2.DependencyInfo(name=name, version=version) for name, version in found]
        )


def end_with_parent(parent: int) -> None:
    """End the process when the engine that started it is gone, even if it was killed."""
    while os.getppid() == parent:
        time.sleep(PARENT_POLL_SECONDS)
    end()


def end() -> None:
    """End the process, and what it runs."""
    end_plugins()
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
    threading.Thread(target=end_with_parent, args=(os.getppid(),), daemon=True).start()
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    server.wait_for_termination()


if __name__ == "__main__":
    main()
