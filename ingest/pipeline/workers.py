"""Tasks spread over devices: a worker process each, one queue, and whoever asks hears of them.

Processes, because Python runs one thread at a time and a network that is killed must not take the
others along; started anew (spawn), because CUDA does not survive a fork. A pipe to each worker
rather than a shared queue: a worker killed in the middle of a message breaks its own pipe only.
"""

import contextlib
import os
import pickle
import signal
import sys
import threading
import types
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from ingest.errors import WorkerDiedError

_SPAWN = get_context("spawn")
_LOOK = 1.0
"""Seconds between looks at workers whose pipe a process of theirs keeps open."""


class Named(Protocol):
    """A task that a reader can be told of."""

    @property
    def name(self) -> str:
        """What a reader knows it by: a model's id."""
        ...


T = TypeVar("T", bound=Named)
Tell = Callable[[Any], None]
"""Sends a message, which pickle must take, to whoever asked."""
Work = Callable[[T, str, Tell], None]
"""Does a task on a device, telling what is worth knowing; pickle must take it."""


class Begun(NamedTuple, Generic[T]):
    """A worker was given a task."""

    task: T
    device: str


class Told(NamedTuple, Generic[T]):
    """A worker said something of its task."""

    task: T
    message: Any


class Ended(NamedTuple, Generic[T]):
    """A task came to its end."""

    task: T
    error: Exception | None
    """What it raised, or that its worker died."""


def spread(
    tasks: Sequence[T], devices: Sequence[str], work: Work[T]
) -> Generator[Begun[T] | Told[T] | Ended[T], None, None]:
    """Do tasks on devices, each by a worker process with one task at a time.

    A worker that dies ends its task, and another is started in its place while tasks are left.
    However the generator ends (close it where it may be left early), its workers end with it; they
    end, too, when this process is killed.

    Args:
        tasks: the one to be begun first comes first.
        devices: a worker each; a device named twice has two.
        work: as `Work`.

    Yields:
        What happens, as it happens; every task is begun and ended.
    """
    waiting, idle = deque(tasks), deque(devices)
    busy: list[_Worker[T]] = []
    try:
        while waiting or busy:
            while waiting and idle:
                busy.append(_Worker(idle.popleft(), work))
                yield busy[-1].given(waiting.popleft())
            wait([worker.pipe for worker in busy], _LOOK)
            for worker in [worker for worker in busy if worker.speaks()]:
                task, heard = worker.task, worker.heard()
                if heard is None:
                    busy.remove(worker)
                    idle.append(worker.device)
                    yield Ended(task, worker.death())
                elif not heard.done:
                    yield Told(task, heard.message)
                else:
                    yield Ended(task, heard.message)
                    if waiting:
                        yield worker.given(waiting.popleft())
                    else:
                        busy.remove(worker)
                        worker.end()
    finally:
        for worker in busy:
            worker.end()


class _Heard(NamedTuple):
    """What a worker sent."""

    done: bool
    """Whether its task came to its end, and the message is the error, if any."""
    message: Any


class _Worker(Generic[T]):
    """A process on a device, and the pipe to it."""

    task: T
    """What it was given last."""

    def __init__(self, device: str, work: Work[T]) -> None:
        """Start the process."""
        self.device = device
        self.pipe, theirs = _SPAWN.Pipe()
        self.process = _SPAWN.Process(target=_serve, args=(theirs, device, work), daemon=True)
        with _interrupts_held(), _main_hidden():
            self.process.start()
        theirs.close()

    def given(self, task: T) -> Begun[T]:
        """Send a task; a worker that died is found out when it is listened to."""
        self.task = task
        with contextlib.suppress(OSError):
            self.pipe.send(task)
        return Begun(task, self.device)

    def speaks(self) -> bool:
        """Whether something was sent, or never will be."""
        # A process of the worker's may keep the pipe open when the worker is dead.
        return self.pipe.poll() or not self.process.is_alive()

    def heard(self) -> _Heard | None:
        """Return what was sent; None where the worker is dead."""
        try:
            return _Heard(*self.pipe.recv()) if self.pipe.poll() else None
        except (EOFError, OSError):
            return None

    def death(self) -> WorkerDiedError:
        """Say how the worker ended."""
        self.process.join()
        self.pipe.close()
        code = self.process.exitcode or 0
        how = f"ended with exit code {code}"
        if code < 0:
            sign = signal.Signals(-code).name
            how = f"was killed by {sign}"
            how += ", as systems do that run out of memory" if sign == "SIGKILL" else ""
        return WorkerDiedError(f"{self.task.name}: its worker process on {self.device} {how}")

    def end(self) -> None:
        """End the process, whatever it does."""
        self.pipe.close()
        self.process.terminate()
        self.process.join(5)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


@contextlib.contextmanager
def _interrupts_held() -> Iterator[None]:
    """Keep Ctrl-C back meanwhile; processes that are started never receive it.

    A terminal sends it to all of its processes, and the workers leave it to the one that asked.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_hiding = threading.Lock()


@contextlib.contextmanager
def _main_hidden() -> Iterator[None]:
    """Keep the script that runs here from the processes that are started, which need none of it.

    They would run it anew: of an app, a notebook or a script without a guard that starts workers.
    """
    with _hiding:
        before = sys.modules["__main__"]
        sys.modules["__main__"] = types.ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = before


def _serve(pipe: Connection, device: str, work: Work[Any]) -> None:
    """Do one task after the other until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    sending = threading.Lock()

    def send(done: bool, message: Any) -> None:
        with sending:
            pipe.send((done, message))

    while True:
        try:
            task = pipe.recv()
        except EOFError:
            return
        try:
            work(task, device, lambda message: send(False, message))
        except Exception as error:
            send(True, _portable(error))
        else:
            send(True, None)


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _portable(error: Exception) -> Exception:
    """Return an error that another process can read."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
