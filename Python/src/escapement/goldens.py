"""Golden records: Golden/SUITE/NAME.json, read, compared and written as the Swift side does.

    record = Record.read("Golden/mine/losses.json")
    record.values[0].name, record.values[0].numbers
    record.differences(values)          # one line for each kind of difference; [] if all agree

Documentation/Goldens.md describes the files and the five ways of comparing values.
"""

from __future__ import annotations

import hashlib
import json
import math
import struct
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, Tuple, Union

import numpy as np

from . import _files
from ._files import InvalidFile, Path_, bits_of_number, number_of_bits

__all__ = ["InvalidFile", "Mode", "Record", "Value", "absolute", "exact", "relative", "statistical", "ulps"]

SCHEMA = 1
Number = Union["np.floating[Any]", float]


@dataclass(frozen=True)
class Mode:
    """How a value is compared: exact, ulp, absolute, relative or statistical, with the size and the reason."""

    name: str = "exact"
    size: float = 0.0
    because: str = ""

    def __post_init__(self) -> None:
        if self.name != "exact" and not self.because.strip():
            raise ValueError(f"a tolerance ({self.name}) without a reason")
        if not self.size >= 0 or (self.name == "statistical" and not 0 < self.size < 1):
            raise ValueError(f"{self.name} {self.size} is no tolerance")


exact = Mode()


def ulps(count: int, because: str) -> Mode:
    """At most `count` representable numbers of the recorded type away."""
    return Mode("ulp", count, because)


def absolute(distance: float, because: str) -> Mode:
    """At most this distance away."""
    return Mode("absolute", distance, because)


def relative(share: float, because: str) -> Mode:
    """At most `share` times the recorded magnitude away."""
    return Mode("relative", share, because)


def statistical(level: float, because: str) -> Mode:
    """A sample, one number a seed, whose mean Welch's two-sided test at `level` does not tell from the recorded."""
    return Mode("statistical", level, because)


@dataclass(frozen=True)
class Value:
    """One named value: an integer, a text, a number, numbers in order (a series) or a sample."""

    name: str
    kind: str
    numbers: Tuple[Any, ...] = ()
    text: str = ""
    mode: Mode = exact

    @classmethod
    def of(cls, name: str, value: Any, mode: Mode = exact) -> Value:
        """From a number, an integer, a text, or a sequence or array of numbers."""
        if isinstance(value, (bool, np.bool_)):
            raise TypeError(f"{name}: a truth value is no golden value")
        if isinstance(value, (int, np.integer, str)):
            if mode != exact:
                raise TypeError(f"{name}: an integer or a text is compared exactly or not at all")
            if isinstance(value, str):
                return cls(name, "text", text=value)
            return cls(name, "integer", (int(value),))
        if isinstance(value, (float, np.floating)):
            if mode.name == "statistical":
                raise TypeError(f"{name}: the statistical mode needs a sample, one number is none")
            number = value if isinstance(value, np.floating) else np.float64(value)
            return cls(name, "number", (_single_or_double(number, mode),), mode=mode)
        array = np.asarray(value)
        if array.ndim != 1 or array.dtype not in (np.float32, np.float64):
            raise TypeError(
                f"{name}: {array.dtype} of {array.ndim} axes, expected a list of float32 or float64"
            )
        if mode.name == "statistical":
            return cls(name, "sample", tuple(array.astype(np.float64)), mode=mode)
        if mode != exact:
            raise TypeError(
                f"{name}: a series is compared exactly; name its numbers one by one for a tolerance"
            )
        return cls(name, "series", tuple(array))

    @classmethod
    def read(cls, fields: Dict[str, Any], place: str) -> Value:
        """From a member of "values"."""
        try:
            name = fields["name"]
            if "bits" in fields:
                return cls(name, "number", (number_of_bits(fields["bits"]),))
            if "integer" in fields:
                return cls(name, "integer", (int(fields["integer"]),))
            if "text" in fields:
                return cls(name, "text", text=fields["text"])
            if "series" in fields:
                return cls(name, "series", tuple(number_of_bits(s.split(" ")[0]) for s in fields["series"]))
            why = fields["why"]
            if "sample" in fields:
                numbers = tuple(number_of_bits(s) for s in fields["sample"])
                return cls(name, "sample", numbers, mode=statistical(_double(fields["level"]), why))
            number = number_of_bits(fields["near"])
            if "ulps" in fields:
                return cls(name, "number", (number,), mode=ulps(int(fields["ulps"]), why))
            if "relative" in fields:
                return cls(name, "number", (number,), mode=relative(_double(fields["relative"]), why))
            return cls(name, "number", (number,), mode=absolute(_double(fields["tolerance"]), why))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InvalidFile(f"{place}: {type(error).__name__}: {error}") from None

    def json(self) -> Dict[str, Any]:
        """As stored in files: the bits are compared, the decimals are for reading."""
        result: Dict[str, Any] = {"name": self.name}
        if self.kind == "text":
            result["text"] = self.text
        elif self.kind == "integer":
            result["integer"] = self.numbers[0]
        elif self.kind == "series":
            result["series"] = [f"{bits_of_number(n)} {_short(float(n))}" for n in self.numbers]
        elif self.kind == "sample":
            result["sample"] = [bits_of_number(n) for n in self.numbers]
            result["decimals"] = [_decimal(n) for n in self.numbers]
            result["level"] = bits_of_number(np.float64(self.mode.size))
            result["why"] = self.mode.because
        else:
            result["decimal"] = _decimal(self.numbers[0])
            result["bits" if self.mode == exact else "near"] = bits_of_number(self.numbers[0])
            if self.mode.name == "ulp":
                result["ulps"] = str(int(self.mode.size))
            elif self.mode != exact:
                key = "relative" if self.mode.name == "relative" else "tolerance"
                result[key] = bits_of_number(np.float64(self.mode.size))
            if self.mode != exact:
                result["why"] = self.mode.because
        return result

    def feed(self, chain: _Chain) -> None:
        """Adds the value to the chain of digests."""
        chain.text(self.name)
        numbers = [bits_of_number(n) for n in self.numbers if self.kind != "integer"]
        if self.kind in ("text", "integer"):
            chain.text(self.kind)
            if self.kind == "text":
                chain.text(self.text)
            else:
                chain.integer(self.numbers[0])
        elif self.kind == "number" and self.mode == exact:
            chain.text("bits")
            chain.text(numbers[0])
        elif self.kind == "series" or self.kind == "sample":
            chain.text(self.kind)
            chain.integer(len(numbers))
            for number in numbers:
                chain.text(number)
        else:
            chain.text({"ulp": "ulps", "absolute": "near", "relative": "relative"}[self.mode.name])
            chain.text(numbers[0])
        if self.mode != exact:
            is_count = self.mode.name == "ulp"
            chain.text(str(int(self.mode.size)) if is_count else bits_of_number(np.float64(self.mode.size)))
            chain.text(self.mode.because)

    def accepts(self, found: Value) -> bool:
        """Whether a computed value agrees with this recorded one, whose tolerance applies."""
        if (self.name, self.kind, self.mode) != (found.name, found.kind, found.mode):
            return False
        if self.kind in ("text", "integer"):
            return (self.text, self.numbers) == (found.text, found.numbers)
        if self.mode == exact:
            return [bits_of_number(n) for n in self.numbers] == [bits_of_number(n) for n in found.numbers]
        if self.mode.name == "statistical":
            p = welch(self.numbers, found.numbers)
            return self.numbers == found.numbers if p is None else p >= self.mode.size
        a, b = self.numbers[0], found.numbers[0]
        if self.mode.name == "ulp":
            distance = ulps_between(a, b)
            return distance is not None and distance <= self.mode.size
        bound = self.mode.size * (abs(float(a)) if self.mode.name == "relative" else 1.0)
        return abs(float(a) - float(b)) <= bound

    def __str__(self) -> str:
        if self.kind == "text":
            return self.text
        if self.kind == "integer":
            return str(self.numbers[0])
        if self.kind == "number":
            number = f"{float(self.numbers[0])!r} ({bits_of_number(self.numbers[0])})"
            return number if self.mode == exact else f"{number} ± {self.mode.size:g} {self.mode.name}"
        return f"{len(self.numbers)} numbers" + (
            f" from {float(self.numbers[0])!r} on" if self.numbers else ""
        )


class _Chain:
    """SHA-256 over texts and integers as the Swift side writes them."""

    def __init__(self, previous: bytes) -> None:
        self._stream = hashlib.sha256(previous)

    def integer(self, value: int) -> None:
        self._stream.update(struct.pack("<q", value))

    def text(self, value: str) -> None:
        data = value.encode()
        self.integer(len(data))
        self._stream.update(data)

    def finish(self) -> bytes:
        return self._stream.digest()


@dataclass(frozen=True)
class Record:
    """The recorded values of one golden case."""

    reason: str
    values: List[Value]
    provenance: Dict[str, str] = field(default_factory=dict)
    contract: Optional[str] = None
    accepted: Optional[Dict[str, str]] = None

    @classmethod
    def read(cls, path: Path_) -> Record:
        """Reads a record; an edited one is refused, because its digest no longer holds."""
        fields = _files.read_json(path)
        _files.expect_schema(fields, (SCHEMA,), path)
        values = [
            Value.read(value, f"{path}: values[{index}]")
            for index, value in enumerate(_files.member(fields, "values", path))
        ]
        record = cls(
            _files.member(fields, "reason", path),
            values,
            _files.member(fields, "provenance", path),
            fields.get("contract"),
            fields.get("accepted"),
        )
        if _files.member(fields, "chain", path) != record.chain:
            raise InvalidFile(
                f"{path}: chain {fields['chain']}, expected {record.chain}, the digest of the values"
            )
        return record

    @property
    def chain(self) -> str:
        """SHA-256 chained over every value in order."""
        digest = bytes(32)
        for value in self.values:
            chain = _Chain(digest)
            value.feed(chain)
            digest = chain.finish()
        return digest.hex()

    def write(self, path: Path_) -> None:
        """Writes the record at once: a reader sees the old file or the new one."""
        fields: Dict[str, Any] = {
            "schema": SCHEMA,
            "reason": self.reason,
            "provenance": self.provenance,
            "chain": self.chain,
            "values": [value.json() for value in self.values],
        }
        if self.contract is not None:
            fields["contract"] = self.contract
        if self.accepted is not None:
            fields["accepted"] = self.accepted
        text = json.dumps(fields, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"
        _files.write_at_once(path, text.encode())

    def differences(self, values: List[Value], provenance: Optional[Dict[str, str]] = None) -> List[str]:
        """How computed values differ from this record, one line for each kind of difference."""
        lines = [
            f"stale: the record was made with {key} {self.provenance.get(key, '(none)')}, "
            f"the case now has {(provenance or {}).get(key, '(none)')}"
            for key in sorted({*self.provenance, *(provenance or {})})
            if self.provenance.get(key) != (provenance or {}).get(key)
        ]
        found = {value.name: value for value in values}
        names = [value.name for value in self.values]
        if len(self.values) != len(values):
            lines.append(f"length: {len(self.values)} values on record, {len(values)} computed")
        missing = [name for name in names if name not in found]
        extra = [value.name for value in values if value.name not in set(names)]
        for kind, what, listed in (
            ("missing keys", "on record and not computed", missing),
            ("extra keys", "computed and not on record", extra),
        ):
            if listed:
                more = ", …" if len(listed) > 4 else ""
                lines.append(f"{kind}: {len(listed)} {what}: {', '.join(listed[:4])}{more}")
        if not missing and not extra:
            for index, (name, value) in enumerate(zip(names, values)):
                if name != value.name:
                    lines.append(f"order: value {index + 1} is {name} on record, {value.name} was computed")
                    break
        pairs = [(i, v, found[v.name]) for i, v in enumerate(self.values) if v.name in found]
        differing = [pair for pair in pairs if not pair[1].accepts(pair[2])]
        if differing:
            index, recorded, computed = differing[0]
            lines.append(
                f"values: {len(differing)} of {len(pairs)} differ, first value {index + 1}, "
                f"{_difference(recorded, computed)}; {index} values before it agree"
            )
        return lines


def _difference(recorded: Value, computed: Value) -> str:
    name = recorded.name
    if recorded.kind == computed.kind == "series":
        for index, (a, b) in enumerate(zip(recorded.numbers, computed.numbers)):
            if bits_of_number(a) != bits_of_number(b):
                name = f"{name}, number {index + 1}"
                recorded, computed = Value(name, "number", (a,)), Value(name, "number", (b,))
                break
    distance = None
    if recorded.kind == computed.kind == "number":
        distance = ulps_between(recorded.numbers[0], computed.numbers[0])
    apart = "" if distance is None else f", {distance} ulp apart"
    return f"{name}: on record {recorded}, computed {computed}{apart}"


def _single_or_double(number: np.floating[Any], mode: Mode) -> np.floating[Any]:
    if number.dtype not in (np.float32, np.float64):
        raise TypeError(f"{number.dtype}, expected float32 or float64")
    # The Swift side widens what it compares by a distance.
    return np.float64(number) if mode.name in ("absolute", "relative") else number


def _double(text: str) -> float:
    return float(number_of_bits(text))


def _decimal(number: Any) -> Union[float, str]:
    value = float(number)
    if math.isfinite(value):
        return value
    return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"


def _short(value: float) -> str:
    if not math.isfinite(value):
        return {"nan": "NaN"}.get(str(value), str(value))
    return f"{value if value else 0.0:.6g}"


def ulps_between(a: Number, b: Number) -> Optional[int]:
    """The number of representable numbers between two of one type; None if one is not finite."""
    left, right = np.asarray(a), np.asarray(b)
    if left.dtype != right.dtype or not (np.isfinite(left) and np.isfinite(right)):
        return None
    size = left.dtype.itemsize
    sign = 1 << (8 * size - 1)

    def place(number: Any) -> int:
        bits = int.from_bytes(number.astype(number.dtype.newbyteorder("<")).tobytes(), "little")
        return sign + bits if bits < sign else sign - (bits - sign)

    return abs(place(left) - place(right))


def welch(a: Any, b: Any) -> Optional[float]:
    """The two-sided p of Welch's test; None without any spread or with fewer than two numbers."""
    x, y = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if len(x) < 2 or len(y) < 2 or not (np.isfinite(x).all() and np.isfinite(y).all()):
        return None
    u, v = float(x.var(ddof=1)) / len(x), float(y.var(ddof=1)) / len(y)
    if u + v == 0:
        return None
    t = float(x.mean() - y.mean()) / math.sqrt(u + v)
    share = u / (u + v)
    nu = 1 / (share**2 / (len(x) - 1) + (1 - share) ** 2 / (len(y) - 1))
    return _incomplete_beta(nu / (nu + t * t), nu / 2, 0.5)


def _incomplete_beta(x: float, a: float, b: float) -> float:
    """The regularized incomplete beta function by its continued fraction (Abramowitz and Stegun 26.5.8)."""
    if x <= 0 or x >= 1:
        return max(0.0, min(1.0, x))
    if x > (a + 1) / (a + b + 2):
        return 1 - _incomplete_beta(1 - x, b, a)
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    # Evaluated from the last term backwards; 300 terms are more than any x on this side needs.
    fraction = 1.0
    for term in range(300, 0, -1):
        m = term // 2
        if term % 2 == 0:
            d = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        else:
            d = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        fraction = 1 + d / fraction
    return front / (a * fraction)
