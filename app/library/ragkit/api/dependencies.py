"""Checks whether the dependencies of an application answer. Extra: api."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ragkit.api.problems import Problem, problem_of


@dataclass(frozen=True)
class Checked:
    """A dependency, its error ("" if there is none), and the duration of the check in
    milliseconds."""

    name: str
    detail: str
    milliseconds: float


def check_all(
    checks: Mapping[str, Callable[[], object]],
    translate: Callable[[Exception], Problem | None] = problem_of,
) -> list[Checked]:
    """Run all checks in parallel, because each may take seconds until it fails. A check that fails
    raises its reason."""
    with ThreadPoolExecutor(len(checks)) as pool:
        return list(pool.map(lambda name: _check(name, checks[name], translate), checks))


def _check(
    name: str, check: Callable[[], object], translate: Callable[[Exception], Problem | None]
) -> Checked:
    started = time.perf_counter()
    detail = ""
    try:
        check()
    except Exception as error:
        problem = translate(error)
        detail = (problem.detail if problem else str(error) or type(error).__name__).removeprefix(f"{name}: ")
    return Checked(name, detail, round((time.perf_counter() - started) * 1000, 1))
