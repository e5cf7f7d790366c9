"""Serves one model file by llama.cpp on loopback, speaking OpenAI's wire format."""

import argparse
import os
import signal

import xllamacpp

from local.ports import HOST

_SLOTS = 4
_TOKENS_PER_SLOT = 4096


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--model", required=True, help="path of a GGUF file")
    parser.add_argument("--alias", required=True, help="the model's name for clients")
    arguments = parser.parse_args()
    # Kept for as long as the process lives: the server stops when it is collected.
    server = xllamacpp.Server(_parameters(arguments.model, arguments.alias, arguments.port))
    print(f"serving {arguments.alias} at {server.listening_address}", flush=True)
    signal.pause()


def _parameters(model: str, alias: str, port: int) -> xllamacpp.CommonParams:
    parameters = xllamacpp.CommonParams()
    parameters.model.path = model
    parameters.model_alias = {alias}
    parameters.hostnames = [HOST]
    parameters.port = port
    parameters.n_parallel = _SLOTS
    parameters.n_ctx = _SLOTS * _TOKENS_PER_SLOT
    # Threads that spin while they wait starve the rest of the system on a small machine.
    parameters.cpuparams.poll = 0
    parameters.cpuparams.n_threads = 1
    parameters.cpuparams_batch.poll = 0
    parameters.cpuparams_batch.n_threads = max(1, (os.cpu_count() or 2) - 1)
    parameters.fit_params = False  # measuring the machine's memory first costs a second, and the model is tiny
    parameters.ui = False
    parameters.cors_origins = ""
    return parameters


if __name__ == "__main__":
    main()
