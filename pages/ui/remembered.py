"""What was drawn once is not drawn again: pure functions, remembered by what they are given.

Readers of one warehouse look at the same views, and drawing is most of a page's time.
"""

import functools
import hashlib
import io
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Generic, ParamSpec, TypeVar

import polars as pl

P = ParamSpec("P")
T = TypeVar("T")

MOST = 128
"""Answers of a function that are kept, the last ones asked for."""


class Memory(Generic[T]):
    """The last answers of a function, by key; for any number of threads."""

    def __init__(self) -> None:
        """Begin with none."""
        self._kept: OrderedDict[Hashable, T] = OrderedDict()
        self._lock = threading.Lock()

    def answer(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what is kept under a key, or make it."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = make()
        with self._lock:
            self._kept[key] = made
            if len(self._kept) > MOST:
                self._kept.popitem(last=False)
        return made


def remembered(function: Callable[P, T]) -> Callable[P, T]:
    """Let a function answer from memory where it is given equal arguments again.

    It must depend on nothing else, and nobody may change what it returned. Arguments are frames,
    plain values, and mappings, sequences and records of them; with others it is simply called.
    """
    memory: Memory[T] = Memory()

    @functools.wraps(function)
    def answer(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            key = _key((args, kwargs))
        except TypeError:
            return function(*args, **kwargs)
        return memory.answer(key, lambda: function(*args, **kwargs))

    return answer


def _key(value: Any) -> Hashable:
    """Return what is equal for equal arguments only.

    Raises:
        TypeError: the argument is of a kind that is not known here.
    """
    if isinstance(value, pl.DataFrame | pl.Series):
        return _contents(value)
    if isinstance(value, Mapping):
        # In their order: a dictionary of panels or colors is drawn in it.
        return ("mapping", *((_key(name), _key(one)) for name, one in value.items()))
    if isinstance(value, list | tuple):
        return (type(value), *map(_key, value))
    if isinstance(value, set | frozenset):
        return frozenset(map(_key, value))
    if is_dataclass(value) and not isinstance(value, type):
        return (type(value), *(_key(getattr(value, field.name)) for field in fields(value)))
    if value is None or isinstance(value, bool | int | float | str | bytes):
        return (type(value), value)
    raise TypeError(f"expected frames and plain values, got {type(value).__name__}")


def _contents(value: pl.DataFrame | pl.Series) -> Hashable:
    frame = value.to_frame() if isinstance(value, pl.Series) else value
    if any(kind.is_nested() or kind == pl.Object for kind in frame.dtypes):
        raise TypeError("expected columns of plain values")
    sink = io.BytesIO()
    frame.write_ipc(sink)
    return (type(value), frame.height, hashlib.blake2b(sink.getbuffer(), digest_size=16).digest())
