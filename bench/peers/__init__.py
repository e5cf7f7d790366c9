"""Ours beside LiteLLM, Portkey, bare Dramatiq and Node's socket.io, each in an environment of its own."""
