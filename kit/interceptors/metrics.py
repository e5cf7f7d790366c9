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

# There are as many methods as a server has, and few statuses.
_duration_of = functools.cache(DURATION.labels)
_active_of = functools.cache(ACTIVE.labels)


async def metrics(call: Call, proceed: Proceed) -> Any:
    """Times the call under the status that it ends with, and counts it while it is under way."""
    begun, active = time.perf_counter(), _active_of(call.method)
    active.inc()
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
        active.dec()
        _duration_of(call.method, call.status).observe(time.perf_counter() - begun)
