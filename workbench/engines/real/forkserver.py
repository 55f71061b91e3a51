"""The forkserver: one warm process per engine process, from which members are forked in about a tenth of a second."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from typing import Any

_PRELOADED = (
    "torch",
    "torch.distributed",
    "torch._dynamo",  # the first optimiser would import it, for seconds
    "numpy",
    "pyarrow",
    "pyarrow.compute",
    "sklearn.datasets",
    "sklearn.decomposition",
    "sklearn.linear_model",
    "workbench.engines.real.member",
    "workbench.engines.real.group",
    "workbench.engines.real.workshop",
    "workbench.architectures.job",
    "workbench.document.text",
)
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


_warm = threading.Event()
_warming: list[threading.Thread] = []


def warm_up() -> None:
    """Start the forkserver, which then loads beside whatever else is done; later calls find it running."""
    if _warming:
        return
    context = _context()
    if context.get_start_method() == "forkserver":
        from multiprocessing import forkserver

        context.set_forkserver_preload(list(_PRELOADED))
        before = {name: os.environ.get(name) for name in _ONE_THREAD}
        os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))  # every member is one worker: one core
        try:
            forkserver.ensure_running()
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value
    _warming.append(threading.Thread(target=_probe, name="warming", daemon=True))
    _warming[0].start()


def is_warm() -> bool:
    """Whether a member would start at once; nobody should have to wait for that without being able to give up."""
    return _warm.is_set()


def _probe() -> None:
    start(_nothing, b"").join()
    _warm.set()


def _nothing(argument: bytes) -> None:
    pass


def start(target: Callable[[bytes], None], argument: bytes) -> BaseProcess:
    """A new process that runs `target(argument)`; forked where the system can, else fresh."""
    process: BaseProcess = _context().Process(target=target, args=(argument,), daemon=True)
    process.start()
    return process


def _context() -> Any:
    methods = multiprocessing.get_all_start_methods()
    return multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
