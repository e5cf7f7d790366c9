"""Rate, errors and duration of every call."""

import asyncio
import functools
import time
from typing import Any

from prometheus_client import Gauge, Histogram

from kit.call import Call
from kit.errors import LecternError
from kit.interceptors.pipeline import Proceed
from kit.statuses import code_of
from kit.telemetry.metrics import SECONDS

DURATION = Histogram(
    "rpc_server_duration_seconds", "Duration of calls served", ["rpc_method", "rpc_grpc_status"], buckets=SECONDS
)
ACTIVE = Gauge("rpc_server_active_calls", "Calls under way", ["rpc_method"])


class _Served:
    """The figures of one method."""

    def __init__(self, method: str) -> None:
        self.active = 0
        self.duration = functools.cache(functools.partial(DURATION.labels, method))
        # Asked for when somebody looks, rather than told twice a call.
        ACTIVE.labels(method).set_function(lambda: self.active)


# There are as many as the servers of the process have methods.
_served = functools.cache(_Served)


async def metrics(call: Call, proceed: Proceed) -> Any:
    """Times the call under the status that it ends with, and counts it while it is under way."""
    begun, served = time.perf_counter(), _served(call.method)
    served.active += 1
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
        served.active -= 1
        served.duration(call.status).observe(time.perf_counter() - begun)
