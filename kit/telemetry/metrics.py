"""What processes count and time, by Prometheus's own client: to record costs a microsecond, to read is for who asks.

Instruments stand in modules, one of each name in a process; what has labels is looked up once and kept.
"""

from prometheus_client import Counter

from kit.telemetry.live import LiveGauge

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60)

# These are also what processes tell each other of themselves; see `kit.vitals.reading`.
ACTIVE_TURNS = LiveGauge("lectern_turns_running", "Turns under way")
ACTIVE_THREADS = LiveGauge("ai_chat_active_threads", "Threads with a question within the last fifteen minutes")
LOOKUPS = Counter("lectern_cache_requests", "Look-ups in the layers of caches", ["layer", "result"])
ENTRIES = LiveGauge("lectern_cache_entries", "Entries of caches in the process's own memory", ["layer"])
