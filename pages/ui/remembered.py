"""What was drawn once is not drawn again: pure functions, remembered by what they are given.

Readers of one warehouse look at the same views, and drawing is most of a page's time.
"""

import functools
import hashlib
import io
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import fields, is_dataclass
from typing import Any, Generic, ParamSpec, TypeVar

import polars as pl

P = ParamSpec("P")
T = TypeVar("T")

MIB = 2**20
DRAWN = 256 * MIB
"""Bytes of frames whose charts and statistics are kept."""
LEAST = 4096
"""Bytes that anything kept is counted as, at least."""
ONE_AT_A_TIME = threading.RLock()
"""Held while something is drawn: who asks for what is kept need not share the processor with many
who draw, and nothing is drawn twice at once."""


class Memory(Generic[T]):
    """The answers that were asked for last, by key, as many as have room; for any thread."""

    def __init__(self, room: int, turn: AbstractContextManager[Any] | None = None) -> None:
        """Begin with none.

        Args:
            room: bytes that the answers may hold.
            turn: entered to make one, by one thread after the other; None lets them all.
        """
        self._room = room
        self._turn = nullcontext() if turn is None else turn
        self._kept: OrderedDict[Hashable, tuple[T, int]] = OrderedDict()
        self._held = 0
        self._lock = threading.Lock()

    def answer(self, key: Hashable, make: Callable[[], T], weigh: Callable[[T], int]) -> T:
        """Return what is kept under a key, or make it.

        Args:
            key: of the answer.
            make: called where none is kept.
            weigh: the bytes that an answer holds.
        """
        found = self._find(key)
        if found is None:
            with self._turn:
                # Another thread may have made it meanwhile.
                found = self._find(key) or self._keep(key, make(), weigh)
        return found[0]

    def _find(self, key: Hashable) -> tuple[T, int] | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def _keep(self, key: Hashable, made: T, weigh: Callable[[T], int]) -> tuple[T, int]:
        weight = max(weigh(made), LEAST)
        with self._lock:
            _, former = self._kept.pop(key, (None, 0))
            self._kept[key] = made, weight
            self._held += weight - former
            while self._held > self._room and len(self._kept) > 1:
                _, (_, weight_gone) = self._kept.popitem(last=False)
                self._held -= weight_gone
        return made, weight


_drawn: Memory[Any] = Memory(DRAWN, ONE_AT_A_TIME)


def remembered(function: Callable[P, T]) -> Callable[P, T]:
    """Let a function answer from memory where it is given equal arguments again.

    It must depend on nothing else, and nobody may change what it returned. Arguments are frames,
    plain values, and mappings, sequences and records of them; with others it is simply called.
    An answer counts as many bytes as the frames it was made of.
    """

    @functools.wraps(function)
    def answer(*args: P.args, **kwargs: P.kwargs) -> T:
        sizes: list[int] = []
        try:
            key = (function, _key((args, kwargs), sizes))
        except TypeError:
            return function(*args, **kwargs)
        return _drawn.answer(key, lambda: function(*args, **kwargs), lambda _: sum(sizes))

    return answer


def _key(value: Any, sizes: list[int]) -> Hashable:
    """Return what is equal for equal arguments only, and add the size of every frame.

    Raises:
        TypeError: the argument is of a kind that is not known here.
    """
    if isinstance(value, pl.DataFrame | pl.Series):
        return _contents(value, sizes)
    if isinstance(value, Mapping):
        # In their order: a dictionary of panels or colors is drawn in it.
        return ("mapping", *((_key(name, sizes), _key(one, sizes)) for name, one in value.items()))
    if isinstance(value, list | tuple):
        return (type(value), *(_key(one, sizes) for one in value))
    if isinstance(value, set | frozenset):
        return frozenset(_key(one, sizes) for one in value)
    if is_dataclass(value) and not isinstance(value, type):
        return (type(value), *(_key(getattr(value, field.name), sizes) for field in fields(value)))
    if value is None or isinstance(value, bool | int | float | str | bytes):
        return (type(value), value)
    raise TypeError(f"expected frames and plain values, got {type(value).__name__}")


def _contents(value: pl.DataFrame | pl.Series, sizes: list[int]) -> Hashable:
    frame = value.to_frame() if isinstance(value, pl.Series) else value
    if any(kind.is_nested() or kind == pl.Object for kind in frame.dtypes):
        raise TypeError("expected columns of plain values")
    sink = io.BytesIO()
    frame.write_ipc(sink)
    sizes.append(sink.tell())
    return (type(value), frame.height, hashlib.blake2b(sink.getbuffer(), digest_size=16).digest())
