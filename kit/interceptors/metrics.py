"""Rate, errors and duration of every call."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable
from typing import Any

from opentelemetry import metrics

from kit.call import Call
from kit.errors import LecternError
from kit.interceptors.pipeline import Proceed
from kit.statuses import code_of


class CallMetrics:
    """`rpc_server_duration_seconds{rpc_method, rpc_grpc_status}`, and how many calls are under way."""

    def __init__(self) -> None:
        meter = metrics.get_meter("kit.server")
        self._active: Counter[str] = Counter()
        self._duration = meter.create_histogram("rpc.server.duration", unit="s", description="Duration of calls served")
        # Observed when somebody looks, rather than recorded twice a call.
        meter.create_observable_up_down_counter(
            "rpc.server.active_calls", [self._under_way], description="Calls under way"
        )

    async def __call__(self, call: Call, proceed: Proceed) -> Any:
        begun = time.perf_counter()
        self._active[call.method] += 1
        try:
            return await proceed()
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
            self._active[call.method] -= 1
            labels = {"rpc.method": call.method, "rpc.grpc.status": call.status}
            self._duration.record(time.perf_counter() - begun, labels)

    def _under_way(self, _: metrics.CallbackOptions) -> Iterable[metrics.Observation]:
        return [metrics.Observation(count, {"rpc.method": method}) for method, count in list(self._active.items())]
