"""Rate, errors and duration of every call."""

import asyncio
import functools
import time
from typing import Any

from prometheus_client import Histogram

from kit.call import Call
from kit.errors import LecternError
from kit.interceptors.pipeline import Proceed
from kit.statuses import code_of
from kit.telemetry.exemplars import exemplar
from kit.telemetry.live import LiveGauge
from kit.telemetry.metrics import SECONDS

DURATION = Histogram(
    "rpc_server_duration_seconds",
    "Duration of calls served",
    ["rpc_method", "rpc_grpc_status", "outcome"],
    buckets=SECONDS,
)
ACTIVE = LiveGauge("rpc_server_active_calls", "Calls under way", ["rpc_method"])

# Whose fault it is, by OpenTelemetry's conventions for servers; all other statuses say what was wrong with the call.
OUTCOMES = {
    "OK": "ok",
    "CANCELLED": "left",
    **dict.fromkeys(
        ("UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"), "failed"
    ),
}


class _Served:
    """The figures of one method."""

    def __init__(self, method: str) -> None:
        self.active = 0
        self.duration = functools.cache(lambda status: DURATION.labels(method, status, OUTCOMES.get(status, "refused")))
        # Asked for when somebody looks, rather than told twice a call.
        ACTIVE.watch(lambda: {(method,): self.active})


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
        served.duration(call.status).observe(time.perf_counter() - begun, exemplar())
