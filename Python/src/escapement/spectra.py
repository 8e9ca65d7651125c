"""Reads what `escapement spectrum --out FILE` writes: Hessian spectra by Lanczos.

for spectrum in read("class9.json"):
    spectrum.data, spectrum.smallest, spectrum.largest, spectrum.residual_of_smallest
    spectrum.ritz_values, spectrum.weights      # the nodes and weights of Gauss quadrature
density(spectra, grid, width)                   # smoothed, the mean over start vectors
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

import numpy as np

from ._files import InvalidFile, Path_, member

__all__ = ["InvalidFile", "Spectrum", "density", "read"]


@dataclass(frozen=True)
class Spectrum:
    """One Lanczos decomposition, from one start vector; `fields` is the whole record."""

    data: str
    mode: str
    operator: str
    loss: str
    probe: int
    steps: int
    dimension: int
    ritz_values: np.ndarray
    weights: np.ndarray
    alpha: np.ndarray
    beta: np.ndarray
    smallest: float
    largest: float
    # From a product in double precision; None where the mode measures none.
    residual_of_smallest: Optional[float]
    residual_of_largest: Optional[float]
    # Whether the self-checks of the decomposition hold.
    valid: bool
    fields: Dict[str, Any]

    @property
    def ratio(self) -> float:
        """|smallest / largest|, the measure of how far from convex a loss is."""
        return abs(self.smallest / self.largest) if self.largest else float("nan")


def read(path: Path_) -> List[Spectrum]:
    """The records of a file, in the order in which they were measured."""
    try:
        records = json.loads(Path(path).read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InvalidFile(f"{path}: not JSON: {error}") from None
    if not isinstance(records, list):
        raise InvalidFile(f"{path}: found {type(records).__name__}, expected a list of spectra")
    return [_spectrum(record, f"{path}: spectrum {index + 1}") for index, record in enumerate(records)]


def _spectrum(record: Any, place: str) -> Spectrum:
    if not isinstance(record, dict):
        raise InvalidFile(f"{place}: found {type(record).__name__}, expected an object")

    def numbers(key: str) -> np.ndarray:
        return np.array(member(record, key, place), np.float64)

    def extreme(key: str) -> Dict[str, Any]:
        value = member(record, key, place)
        if not isinstance(value, dict) or not isinstance(value.get("ritz"), (int, float)):
            raise InvalidFile(f'{place}: key "{key}" has no number "ritz"')
        return value

    smallest, largest = extreme("smallest"), extreme("largest")
    plain = ("data", "mode", "operator", "loss", "probe", "steps", "dimension", "valid")
    return Spectrum(
        **{key: member(record, key, place) for key in plain},
        ritz_values=numbers("ritz_values"),
        weights=numbers("weights"),
        alpha=numbers("alpha"),
        beta=numbers("beta"),
        smallest=float(smallest["ritz"]),
        largest=float(largest["ritz"]),
        residual_of_smallest=smallest.get("residual"),
        residual_of_largest=largest.get("residual"),
        fields=record,
    )


def density(spectra: Sequence[Spectrum], grid: Any, width: float) -> np.ndarray:
    """The density of eigenvalues at the points of a grid: each Ritz value is a normal curve with this standard
    deviation and its weight; the mean over spectra, one a start vector. It integrates to 1."""
    points = np.asarray(grid, np.float64)
    total = np.zeros_like(points)
    for spectrum in spectra:
        z = (points[:, None] - spectrum.ritz_values) / width
        total += np.exp(-0.5 * z * z) @ spectrum.weights
    return np.asarray(total / (len(spectra) * width * np.sqrt(2 * np.pi)))
