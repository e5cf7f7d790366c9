"""How breakers stand, for those on call."""

from kit.breaker.model import State
from kit.telemetry.live import LiveGauge

STATE = LiveGauge(
    "lectern_breaker_state",
    "How the breaker of a provider, or of mongodb, stands here: 0 closed, 1 half open, 2 open; the worst of its keys",
    ["provider"],
    combine=max,
)
OF_MODELS = LiveGauge(
    "lectern_models_breaker_state",
    "The best of the breakers before a class of models: 0 closed, 1 half open, 2 open: nobody can be asked",
    ["model_class"],
    combine=max,
)
NUMBERS = {State.CLOSED: 0, State.HALF_OPEN: 1, State.OPEN: 2}
