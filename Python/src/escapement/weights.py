"""Reads weights: checkpoints of runs, and safetensors files.

weights = read("RUN")                       # the newest checkpoint that is intact
weights = read("RUN", step=58)
weights.tensors["layer1.0.conv1.weight"]    # [out, in, kh, kw], as in a state dictionary of PyTorch
weights.optimizer["momentum"]               # the rule's vectors under the same names
model.load_state_dict(weights.torch())

save("mine.safetensors", {"linear.weight": array})     # for `escapement weights import`
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional

import numpy as np

from . import _files
from ._files import InvalidFile, Path_, Tensors
from .runs import checkpoints

__all__ = ["InvalidFile", "Weights", "read", "save"]

# The schemas of a checkpoint's sidecar.
SCHEMAS = (1, 2)
PREFIX = "optimizer."
CONTRAST = ("encoder_k.", "queue")


@dataclass(frozen=True)
class Weights:
    """Parameters and running statistics by name, and of a checkpoint also the rule's vectors and the sidecar.

    `contrast` has the key encoder (`encoder_k.NAME`) and the queue of a parametric contrastive loss.
    """

    tensors: Tensors
    optimizer: Dict[str, Tensors] = field(default_factory=dict)
    contrast: Tensors = field(default_factory=dict)
    sidecar: Optional[Dict[str, Any]] = None

    def torch(self) -> Dict[str, Any]:
        """The tensors as a state dictionary of PyTorch."""
        try:
            import torch
        except ImportError:
            raise ImportError("a state dictionary of PyTorch needs torch: pip install torch") from None
        return {name: torch.from_numpy(np.array(tensor)) for name, tensor in self.tensors.items()}


def read(path: Path_, step: Optional[int] = None) -> Weights:
    """From a run directory, a checkpoint's sidecar (.json) or a safetensors file.

    Of a run, the checkpoint after `step`, or the newest one whose digest holds. Raises InvalidFile with what is
    wrong with every checkpoint if none is intact.
    """
    path = Path(path)
    if path.is_dir():
        return _of_run(path, step)
    if path.suffix == ".json":
        return _checkpoint(path)
    return Weights(_files.safetensors(path.read_bytes(), path)[0])


def _of_run(directory: Path, step: Optional[int]) -> Weights:
    found = checkpoints(directory)
    if step is not None:
        found = [entry for entry in found if entry[0] == step]
    if not found:
        raise FileNotFoundError(
            f"{directory} holds no checkpoint" + ("" if step is None else f" after step {step}")
        )
    reasons: List[str] = []
    for _, sidecar in reversed(found):
        try:
            return _checkpoint(sidecar)
        except (InvalidFile, OSError) as error:
            reasons.append(str(error))
    raise InvalidFile("; ".join(reasons))


def _checkpoint(sidecar: Path) -> Weights:
    fields = _files.read_json(sidecar)
    _files.expect_schema(fields, SCHEMAS, sidecar)
    file = sidecar.with_suffix(".safetensors")
    data = file.read_bytes()
    found, expected = _files.sha256(data), _files.member(fields, "tensors_sha256", sidecar)
    if found != expected:
        raise InvalidFile(f"{file}: SHA-256 {found}, expected {expected}")
    tensors = _files.safetensors(data, file)[0]
    vectors: Dict[str, Tensors] = {}
    for name in [name for name in tensors if name.startswith(PREFIX)]:
        vector, _, parameter = name[len(PREFIX) :].partition(".")
        vectors.setdefault(vector, {})[parameter] = tensors.pop(name)
    contrast = {name: tensors.pop(name) for name in list(tensors) if name.startswith(CONTRAST)}
    return Weights(tensors, vectors, contrast, fields)


def save(path: Path_, tensors: Mapping[str, Any]) -> None:
    """Writes arrays, or tensors of PyTorch, as a safetensors file that `escapement weights` and `spectrum` read."""
    names = {np.dtype(kind): name for name, kind in _files.DTYPES.items()}
    header: Dict[str, Any] = {"__metadata__": {"format": "pt"}}
    parts: List[bytes] = []
    position = 0
    for name, tensor in tensors.items():
        array = np.asarray(tensor.detach().cpu().numpy() if hasattr(tensor, "detach") else tensor, order="C")
        kind = names.get(array.dtype.newbyteorder("<"))
        if kind is None:
            raise TypeError(f"{name}: a safetensors file of Escapement holds no {array.dtype}")
        data = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
        header[name] = {
            "dtype": kind,
            "shape": list(array.shape),
            "data_offsets": [position, position + len(data)],
        }
        parts.append(data)
        position += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    _files.write_at_once(path, struct.pack("<Q", len(text)) + text + b"".join(parts))
