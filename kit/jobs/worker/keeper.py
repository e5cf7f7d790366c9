"""Keeps one worker process running: forks it, replaces it when it retires or dies, and ends it with itself."""

import multiprocessing
import os
import select
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

import structlog

from kit import older_settings
from kit.jobs.policies import Policies
from kit.jobs.worker.process import Build, S, WorkerProcess
from kit.telemetry.logs import configure_logs

CRASH_PAUSE_SECONDS = 1.0
PARENT_CHECK_SECONDS = 1.0

log = structlog.get_logger()

Run = Callable[[Callable[[], None]], None]


def main(name: str, settings: S, build: Build[S], policies: Policies | None = None) -> None:
    """Works until SIGTERM or SIGINT, under the settings' policies unless others are given.

    Nothing may be connected before: children are forked from here.
    """
    table = policies or settings.policies
    configure_logs(f"{name}-worker", settings)
    older_settings.log_advice(os.environ, log)

    def run(retiring: Callable[[], None]) -> None:
        WorkerProcess(name, settings, build, table).run(retiring)

    Keeper(run).keep()


@dataclass
class _Child:
    """`news` brings one word when the child retires, and ends with it; None once it was read."""

    process: BaseProcess
    news: Connection | None
    retired: bool = False


class Keeper:
    """The parent. A retiring child finishes what it runs while its successor works already."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._fork = multiprocessing.get_context("fork")
        self._children: list[_Child] = []
        self._stopping = False

    def keep(self) -> None:
        """Returns when the last child has ended after a signal."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        self._start()
        while self._children:
            sources: list[Any] = [child.process.sentinel for child in self._children]
            wait([*sources, *(child.news for child in self._children if child.news)])
            for child in list(self._children):
                self._look_at(child)

    def _look_at(self, child: _Child) -> None:
        if child.news is not None and child.news.poll():
            child.retired = _spoke(child.news)
            child.news.close()
            child.news = None
            if child.retired:
                self._start()
        if not child.process.is_alive():
            child.process.join()
            self._children.remove(child)
            if not child.retired and not self._stopping:
                log.error("worker_died", exit_code=child.process.exitcode)
                time.sleep(CRASH_PAUSE_SECONDS)
                self._start()

    def _start(self) -> None:
        if not self._stopping:
            news, tell = self._fork.Pipe(duplex=False)
            process = self._fork.Process(target=_run_child, args=(self._run, tell, os.getpid()))
            process.start()
            tell.close()
            self._children.append(_Child(process, news))

    def _stop(self, *_: object) -> None:
        self._stopping = True
        for child in self._children:
            if child.process.pid is not None and child.process.exitcode is None:
                os.kill(child.process.pid, signal.SIGTERM)


def _run_child(run: Run, tell: Connection, parent: int) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    run(lambda: tell.send_bytes(b"retiring"))


def _end_with(parent: int) -> None:
    try:
        handle = os.pidfd_open(parent)  # readable once the parent has ended
    except (AttributeError, OSError):  # not Linux, or the parent has gone
        while os.getppid() == parent:
            time.sleep(PARENT_CHECK_SECONDS)
    else:
        if os.getppid() == parent:
            select.select([handle], [], [])
    os._exit(1)


def _spoke(news: Connection) -> bool:
    try:
        return bool(news.recv_bytes())
    except EOFError:
        return False
