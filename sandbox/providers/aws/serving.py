"""Serves a provider to the Pulumi engine, until the engine ends; an error is a sentence, never a traceback."""

import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import engine_pb2, provider_pb2_grpc

WORKERS = 200
"""The engine runs 4 x CPUs operations at once, each of which may wait for minutes."""
MESSAGE_LIMIT = 400 * 1024 * 1024
OPTIONS = [("grpc.max_receive_message_length", MESSAGE_LIMIT), ("grpc.max_send_message_length", MESSAGE_LIMIT)]


class ProviderError(Exception):
    """A sentence for the person: what failed, where, why, and how to fix it."""


class EngineLog:
    """Writes diagnostics of resources to the engine."""

    def __init__(self, address: str) -> None:
        self._log = grpc.insecure_channel(address).unary_unary(
            "/pulumirpc.Engine/Log", engine_pb2.LogRequest.SerializeToString, Empty.FromString
        )

    def status(self, urn: str, message: str) -> None:
        """Show what an operation waits for, as long as it lasts."""
        request = engine_pb2.LogRequest(severity=engine_pb2.INFO, urn=urn, message=message, ephemeral=True)
        try:
            self._log(request, timeout=5)
        except grpc.RpcError:
            return  # an engine that is going away needs no messages


class PlainErrors(grpc.ServerInterceptor):
    """Turns an exception of the provider into one sentence; a defect also names its line."""

    def intercept_service(self, continuation: Any, handler_call_details: grpc.HandlerCallDetails) -> Any:  # noqa: ANN401  gRPC's types name no requests
        """Wrap the method that is called."""
        handler = continuation(handler_call_details)
        if handler is None:
            return None

        def answer(request: object, context: grpc.ServicerContext) -> object:
            try:
                return handler.unary_unary(request, context)
            except NotImplementedError as error:
                context.abort(grpc.StatusCode.UNIMPLEMENTED, str(error))
            except Exception as error:  # noqa: BLE001 (every error becomes an answer)
                context.abort(grpc.StatusCode.UNKNOWN, _sentence(error))

        return grpc.unary_unary_rpc_method_handler(
            answer, request_deserializer=handler.request_deserializer, response_serializer=handler.response_serializer
        )


def _sentence(error: Exception) -> str:
    if isinstance(error, ProviderError):
        return str(error)
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{frame.filename.rpartition('/')[2]}:{frame.lineno}"
    return f"the sandbox's provider has a defect ({where}): {type(error).__name__}: {error}"


def serve(make_provider: Callable[[EngineLog], provider_pb2_grpc.ResourceProviderServicer]) -> None:
    """Serve until the engine ends; the last argument of the process is the engine's address."""
    server = grpc.server(ThreadPoolExecutor(WORKERS), interceptors=[PlainErrors()], options=OPTIONS)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(make_provider(EngineLog(sys.argv[-1])), server)
    port = server.add_insecure_port("127.0.0.1:0")
    for number in (signal.SIGINT, signal.SIGTERM):  # how the engine ends its plugins
        signal.signal(number, lambda _number, _frame: os._exit(0))
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    server.wait_for_termination()


def _end_with_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)  # the engine was killed: what waits in a thread would keep the process
