"""The pytest plugin: `pytest --escapement` checks every `escapement.testing.optimizer(...)` of a test file.

Each case and each law is a test of its own. `--escapement-vectors SOURCE` adds the cases of a release archive, a
path or a URL.
"""

from __future__ import annotations

from typing import Any, Iterator, Optional

import pytest

from ..vectors import Vectors, archive, shipped
from . import ConformanceFailure, Optimizer
from .laws import judge_laws
from .trajectories import Outcome, cases, judge


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("escapement")
    group.addoption(
        "--escapement",
        action="store_true",
        help="check the optimizers that escapement.testing.optimizer(...) marks",
    )
    group.addoption(
        "--escapement-vectors",
        metavar="SOURCE",
        help="release archive of conformance vectors, a path or a URL; those inside the wheel without it",
    )


def pytest_pycollect_makeitem(collector: Any, name: str, obj: object) -> Optional[Any]:
    if isinstance(obj, Optimizer) and collector.config.getoption("escapement"):
        return _Checks.from_parent(collector, name=name, optimizer=obj)
    return None


class _Checks(pytest.Collector):
    """The cases and laws of one optimizer."""

    def __init__(self, name: str, parent: Any, optimizer: Optimizer) -> None:
        super().__init__(name, parent)
        self.optimizer = optimizer

    def collect(self) -> Iterator[pytest.Item]:
        source = self.config.getoption("escapement_vectors")
        vectors = archive(source) if source else shipped()
        for name in cases(vectors, self.optimizer.rule):
            yield _Check.from_parent(self, name=name, vectors=vectors)
        for name in self.optimizer.laws:
            yield _Check.from_parent(self, name=name, vectors=None)


class _Check(pytest.Item):
    """One case or law."""

    def __init__(self, name: str, parent: _Checks, vectors: Optional[Vectors]) -> None:
        super().__init__(name, parent)
        self._optimizer, self._vectors = parent.optimizer, vectors

    def runtest(self) -> None:
        mine = self._optimizer
        if self._vectors is not None:
            outcome: Outcome = judge(mine.step, self._vectors.case(self.name), mine.precision)
        else:
            outcomes = judge_laws(mine.step, mine.rule, laws=[self.name], precision=mine.precision)
            if not outcomes:
                pytest.skip(f"{self.name} says nothing about {mine.rule}")
            outcome = outcomes[0]
        if not outcome.holds:
            raise ConformanceFailure(mine.rule, [outcome])

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        if isinstance(excinfo.value, ConformanceFailure):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> Any:
        return self.path, None, f"{self.parent.name if self.parent else ''} {self.name}"
