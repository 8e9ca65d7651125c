"""Reads run directories: `run.json`, `metrics.jsonl`, and the sums over classes as arrays.

    run = Run("RUN")
    run.record["recipe"]["optimizer"]           # run.json
    epochs = run.epochs()                       # arrays by name, one entry an epoch
    epochs["test.accuracy"], epochs["train.loss"], epochs["learning_rate"]
    epochs["test.per_class.accuracy"]           # [epochs, classes]
    run.steps()["cosine"]                       # one entry for each step that was recorded
    run.spectra()                               # what --spectra measured during the run
    run.frame("epoch")                          # the same as a pandas frame, where pandas is installed

A folder of `escapement evidence add` is read too. A run that goes on, or that was interrupted, has the
events written so far.
"""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, Tuple

import numpy as np

from . import _files
from ._files import InvalidFile, Path_

__all__ = ["InvalidFile", "Run"]

# The schemas of run.json that this reader knows.
SCHEMAS = (1, 2, 3)
# How numbers that JSON has no form for are written.
NOT_FINITE = {"nan": np.nan, "inf": np.inf, "-inf": -np.inf}


class Run:
    """One run: its record, and the events of its metrics in the order in which they were written.

    `is_finished` tells whether the metrics end in their seal, whose digests were then checked. Raises
    FileNotFoundError without a `run.json`, and InvalidFile for files that are damaged.
    """

    def __init__(self, directory: Path_) -> None:
        self.directory = Path(directory)
        path = self.directory / "run.json"
        self.record = _files.read_json(path)
        _files.expect_schema(self.record, SCHEMAS, path)
        self.contract: str = self.record.get("contract", "1")
        self._metrics, data = self._lines()
        self.events: List[Dict[str, Any]] = list(_events(data, self._metrics))
        self.is_finished = bool(self.events) and self.events[-1]["event"] == "seal"
        if self.is_finished:
            self._check_seal(data, path)

    def _lines(self) -> Tuple[Path, bytes]:
        plain, packed = self.directory / "metrics.jsonl", self.directory / "metrics.jsonl.gz"
        if packed.is_file() and not plain.is_file():
            return packed, gzip.decompress(packed.read_bytes())
        return plain, _plain_ends(plain) if plain.is_file() else b""

    def _check_seal(self, data: bytes, record: Path) -> None:
        seal = self.events[-1]
        before = data[: _files.member(seal, "bytes", self._metrics)]
        # The short metrics of an evidence folder keep the seal of the whole ones.
        is_whole = self._metrics.suffix != ".gz"
        stated = [(before, "sha256", self._metrics)] if is_whole else []
        for content, key, file in [*stated, (_plain_ends(record), "record_sha256", record)]:
            found, expected = _files.sha256(content), _files.member(seal, key, self._metrics)
            if found != expected:
                raise InvalidFile(f"{file}: SHA-256 {found}, the seal of the run says {expected}")

    def select(self, event: str) -> List[Dict[str, Any]]:
        """The events of one kind: "step", "epoch", "spectrum", "skip", "divergence", "evaluation", "seal"."""
        return [fields for fields in self.events if fields["event"] == event]

    def epochs(self) -> Dict[str, np.ndarray]:
        """Arrays with one entry an epoch, by the names of members joined by points; see `columns`."""
        return columns(self.select("epoch"))

    def steps(self) -> Dict[str, np.ndarray]:
        """Arrays with one entry for each step that `--metrics-every` recorded."""
        return columns(self.select("step"))

    def spectra(self) -> Dict[str, np.ndarray]:
        """Arrays with one entry for each class and time at which `--spectra` measured; class -1 is the loss over
        all classes."""
        rows = []
        for fields in self.select("spectrum"):
            at = {key: fields[key] for key in ("epoch", "step") if key in fields}
            rows += [
                {**at, **row, "class": -1 if row["class"] is None else row["class"]}
                for row in fields["classes"]
            ]
        return columns(rows)

    def frame(self, event: str = "epoch") -> Any:
        """The events of one kind as a pandas frame; arrays over classes become a column for each class, such as
        `test.per_class.accuracy.9`."""
        try:
            import pandas
        except ImportError:
            raise ImportError("a frame needs pandas: pip install pandas, or use the arrays") from None
        arrays = self.spectra() if event == "spectrum" else columns(self.select(event))
        return pandas.DataFrame(dict(single_columns(arrays)))


def _plain_ends(path: Path) -> bytes:
    """The bytes of a file, undoing a version control that wrote every line end as two characters."""
    return path.read_bytes().replace(b"\r\n", b"\n")


def _events(data: bytes, path: Path) -> Iterator[Dict[str, Any]]:
    lines = data.split(b"\n")
    # A line without its newline is still being written, or was cut off with the process.
    for number, line in enumerate(lines[:-1], 1):
        try:
            fields = json.loads(line)
            if not isinstance(fields["event"], str):
                raise TypeError
        except (ValueError, KeyError, TypeError):
            raise InvalidFile(f'{path}: line {number} is not a JSON object with an "event"') from None
        yield fields


def columns(rows: Iterable[Dict[str, Any]]) -> Dict[str, np.ndarray]:
    """One array for each member of some objects, with NaN where an object has none.

    Members of members get names joined by points. Where there are "correct" and "samples" there is "accuracy"
    too, in [0, 1], NaN without samples. A list of such counts, one a class, becomes an array [rows, classes].
    """
    flat = [dict(_flattened(row)) for row in rows]
    names = list(dict.fromkeys(name for row in flat for name in row))
    return {name: _column([row.get(name) for row in flat]) for name in names}


def _flattened(value: Dict[str, Any], prefix: str = "") -> Iterator[Tuple[str, Any]]:
    for key, member in value.items():
        name = f"{prefix}{key}"
        if isinstance(member, dict):
            yield from _flattened(member, f"{name}.")
        elif isinstance(member, list) and member and isinstance(member[0], dict):
            for inner in member[0]:
                yield f"{name}.{inner}", [_number(entry.get(inner)) for entry in member]
            if "correct" in member[0] and "samples" in member[0]:
                yield f"{name}.accuracy", [_share(entry) for entry in member]
        else:
            yield name, member
    if "correct" in value and "samples" in value:
        yield f"{prefix}accuracy", _share(value)


def _share(counts: Dict[str, Any]) -> float:
    correct, samples = counts["correct"], counts["samples"]
    return float(correct / samples) if samples and correct is not None else float("nan")


def _number(value: Any) -> Any:
    return np.nan if value is None else NOT_FINITE.get(value, value) if isinstance(value, str) else value


def _column(values: List[Any]) -> np.ndarray:
    if any(isinstance(value, str) and value not in NOT_FINITE for value in values):
        return np.array(["" if value is None else value for value in values])
    size = next((len(value) for value in values if isinstance(value, list)), None)
    if size is None:
        return np.array([_number(value) for value in values])
    gap = [np.nan] * size
    return np.array([gap if value is None else [_number(entry) for entry in value] for value in values])


def single_columns(arrays: Dict[str, np.ndarray]) -> Iterator[Tuple[str, np.ndarray]]:
    """Columns of one axis: an array [rows, classes] becomes one for each class."""
    for name, array in arrays.items():
        if array.ndim == 1:
            yield name, array
        else:
            yield from ((f"{name}.{index}", array[:, index]) for index in range(array.shape[1]))


def checkpoints(directory: Path_) -> List[Tuple[int, Path]]:
    """The checkpoints of a run by the step after which they were written, as their sidecars' paths."""
    found = []
    for path in (Path(directory) / "checkpoints").glob("step-*.json"):
        match = re.fullmatch(r"step-(\d+)", path.stem)
        if match:
            found.append((int(match[1]), path))
    return sorted(found)
