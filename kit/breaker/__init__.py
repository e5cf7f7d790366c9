"""Circuit breakers: per dependency, shared by all processes where Redis answers."""
