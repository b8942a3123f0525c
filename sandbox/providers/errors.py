"""Errors of providers, as the engine and the person get them: a sentence, never a traceback."""

from __future__ import annotations

import inspect
import traceback
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import grpc
import grpc.aio
from pulumi.runtime.proto import status_pb2

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

Request = TypeVar("Request")
Response = TypeVar("Response")


class ProviderError(Exception):
    """A sentence for the person: what failed, where, why, and how to fix it."""


class PlainErrors(grpc.aio.ServerInterceptor):
    """Turns what a provider raises into one sentence; a defect also names its line."""

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler[Request, Response] | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Request, Response] | None:
        """Wrap the method that is called."""
        handler = await continuation(handler_call_details)
        if handler is None or handler.unary_unary is None:
            return handler
        method: Callable[[Any, Any], Any] = handler.unary_unary

        async def answer(request: Request, context: grpc.aio.ServicerContext[Request, Response]) -> Response:
            try:
                result = method(request, context)
                return await result if inspect.isawaitable(result) else result
            except grpc.aio.AbortError:
                raise
            except NotImplementedError as error:
                await context.abort(grpc.StatusCode.UNIMPLEMENTED, str(error))
            except Exception as error:  # noqa: BLE001 (every error becomes an answer)
                await _refuse(context, _cause(error))

        return grpc.unary_unary_rpc_method_handler(
            answer, request_deserializer=handler.request_deserializer, response_serializer=handler.response_serializer
        )


def _cause(error: BaseException) -> BaseException:
    """Find the provider's own error: the SDK wraps it into one that has the traceback in its text."""
    chain = error
    while chain is not None:
        if isinstance(chain, ProviderError):
            return chain
        chain = chain.__cause__ or chain.__context__
    return error.__context__ or error


async def _refuse(context: grpc.aio.ServicerContext[Any, Any], error: BaseException) -> NoReturn:
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=_sentence(error))
    trailing = (("grpc-status-details-bin", status.SerializeToString()),)
    await context.abort(grpc.StatusCode.UNKNOWN, status.message, trailing)


def _sentence(error: BaseException) -> str:
    if isinstance(error, ProviderError):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno})" if frames else ""
    return f"the sandbox's provider has a defect{where}: {type(error).__name__}: {error}"
