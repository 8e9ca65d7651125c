"""What all readers share: JSON with one-line errors, safetensors, SHA-256, bits as text."""

from __future__ import annotations

import hashlib
import json
import os
import struct
import tempfile
from pathlib import Path
from typing import Any, Dict, Union

import numpy as np

Path_ = Union[str, Path]
Tensors = Dict[str, np.ndarray]

DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "U8": "|u1", "BOOL": "|b1"}


class InvalidFile(ValueError):
    """A file that does not hold what it should; the message is one line with the file and the place."""


def read_json(path: Path_) -> Dict[str, Any]:
    """A JSON object from a file."""
    try:
        value = json.loads(Path(path).read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InvalidFile(f"{path}: not JSON: {error}") from None
    if not isinstance(value, dict):
        raise InvalidFile(f"{path}: found {type(value).__name__}, expected a JSON object")
    return value


def member(fields: Dict[str, Any], key: str, path: Path_) -> Any:
    """A member that must be there."""
    if key not in fields:
        raise InvalidFile(f'{path}: key "{key}" is missing')
    return fields[key]


def expect_schema(fields: Dict[str, Any], known: tuple[int, ...], path: Path_) -> None:
    """Refuses a layout that this reader does not know."""
    found = member(fields, "schema", path)
    if found not in known:
        raise InvalidFile(f"{path}: schema {found}, expected {' or '.join(map(str, known))}")


def sha256(data: bytes) -> str:
    """Hexadecimal digits of the SHA-256."""
    return hashlib.sha256(data).hexdigest()


def safetensors(data: bytes, path: Path_) -> tuple[Tensors, Dict[str, str]]:
    """The tensors of a safetensors file by name, and its metadata.

    The file is 8 bytes of header length, a JSON header, then the elements. The arrays share the bytes of
    `data` and cannot be written to.
    """
    if len(data) < 8:
        raise InvalidFile(f"{path}: {len(data)} bytes, expected a safetensors file")
    (length,) = struct.unpack_from("<Q", data)
    if length > len(data) - 8:
        raise InvalidFile(f"{path}: a header of {length} bytes in a file of {len(data)}")
    try:
        header = json.loads(data[8 : 8 + length])
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InvalidFile(f"{path}: the header is not JSON: {error}") from None
    metadata = header.pop("__metadata__", {})
    payload = memoryview(data)[8 + length :]
    tensors: Tensors = {}
    for name, entry in header.items():
        try:
            begin, end = entry["data_offsets"]
            dtype, shape = np.dtype(DTYPES[entry["dtype"]]), entry["shape"]
            if not 0 <= begin <= end <= len(payload):
                raise ValueError(f"bytes {begin} to {end} of {len(payload)}")
            tensors[name] = np.frombuffer(payload[begin:end], dtype).reshape(shape)
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidFile(f"{path}: tensor {name!r}: {error}") from None
    return tensors, metadata


def number_of_bits(text: str) -> np.floating[Any]:
    """A float32 or float64 from "0x" and its 8 or 16 hexadecimal digits, most significant first."""
    digits = text[2:]
    if not text.startswith("0x") or len(digits) not in (8, 16):
        raise ValueError(f"{text!r} is not 0x and 8 or 16 hexadecimal digits")
    kind = np.dtype(">f4" if len(digits) == 8 else ">f8")
    number: np.floating[Any] = np.frombuffer(bytes.fromhex(digits), kind).astype(kind.newbyteorder("="))[0]
    return number


def bits_of_number(number: np.floating[Any]) -> str:
    """The opposite of `number_of_bits`."""
    kind = np.dtype(number.dtype).newbyteorder(">")
    return "0x" + np.asarray(number, kind).tobytes().hex()


def write_at_once(path: Path_, data: bytes) -> None:
    """Writes a file beside its place and renames it: a reader sees the old file or the new one."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
