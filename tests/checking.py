"""Shapes and types in signatures, checked while tests run: a function's first calls in each test.

By itself jaxtyping checks every call. Simulations make a hundred thousand calls of a function, and
half of the time of the core's tests went to seeing the same shapes again.
"""

import sys
from collections.abc import Callable
from types import FunctionType
from typing import Any

from beartype import beartype

FIRST = 6
"""Checks of a function in a test; a call has two, of what goes in and of what comes out."""
_calls: dict[tuple[str, str], int] = {}
_resting: list[FunctionType] = []


def checked_at_first(function: Callable[..., Any]) -> Callable[..., Any]:
    """Check a function's arguments, for jaxtyping, until it was called often enough.

    Args:
        function: of the signature to be checked; jaxtyping makes it, and it does nothing.
    """
    place = (function.__module__, function.__qualname__)
    if "<locals>" in function.__qualname__:  # made, and would be prepared, at every call around it
        return function
    check = beartype(function)

    def count_and_check(*args: Any, **kwargs: Any) -> Any:
        calls = _calls[place] = _calls.get(place, 0) + 1
        if calls == FIRST:
            _rest(*place)
        return check(*args, **kwargs)

    return count_and_check


def check_again() -> None:
    """Check every function anew: another test begins."""
    while _resting:
        vars(_resting.pop())["__no_type_check__"] = False
    _calls.clear()


def _rest(module: str, qualname: str) -> None:
    """Let a function be called unchecked, as `typing.no_type_check` does."""
    found: Any = sys.modules[module]
    for name in qualname.split("."):
        found = getattr(found, name, None)
    found = getattr(found, "__func__", found)
    if isinstance(found, FunctionType) and found.__qualname__ == qualname:
        vars(found)["__no_type_check__"] = True
        _resting.append(found)
