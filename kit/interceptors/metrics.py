"""Rate, errors and duration of every call."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from opentelemetry import metrics

from kit.call import Call
from kit.errors import LecternError
from kit.statuses import code_of


class CallMetrics:
    """`rpc_server_duration_seconds{rpc_method, rpc_grpc_status}`, and how many calls are under way."""

    def __init__(self) -> None:
        meter = metrics.get_meter("kit.server")
        self._duration = meter.create_histogram("rpc.server.duration", unit="s", description="Duration of calls served")
        self._active = meter.create_up_down_counter("rpc.server.active_calls", description="Calls under way")

    @asynccontextmanager
    async def __call__(self, call: Call) -> AsyncIterator[None]:
        begun, method = time.perf_counter(), {"rpc.method": call.method}
        self._active.add(1, method)
        try:
            yield
        except LecternError as error:
            call.status = code_of(error).name
            raise
        except asyncio.CancelledError:
            call.status = "CANCELLED"
            raise
        except TimeoutError:
            call.status = "DEADLINE_EXCEEDED"
            raise
        except Exception:
            call.status = "INTERNAL"
            raise
        finally:
            self._active.add(-1, method)
            self._duration.record(time.perf_counter() - begun, {**method, "rpc.grpc.status": call.status})
