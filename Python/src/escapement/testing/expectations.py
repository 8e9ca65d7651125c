"""Goldens of your own code: the same files, modes and acceptance as `expectGolden` on the Swift side."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Dict, List, Optional

from .._files import Path_
from ..goldens import InvalidFile, Mode, Record, Value, exact


class GoldenFailure(AssertionError):
    """Values that are not those on record."""


def expect_golden(
    values: Any,
    name: str,
    because: str,
    suite: str = "python",
    mode: Mode = exact,
    provenance: Optional[Dict[str, str]] = None,
    root: Optional[Path_] = None,
) -> None:
    """Compares values with their record, Golden/SUITE/NAME.json beside the calling file, or below `root`.

        expect_golden(losses, "quadratic-losses", because="first record")

    `values` is a sequence of numbers, integers or texts, or a dictionary from names to these and to lists of
    numbers. Without a record, or if the values differ, this raises GoldenFailure and writes the computed values
    as NAME.received.json. With ESCAPEMENT_ACCEPT=1 they are put on record instead, with the reason `because`,
    which must then differ from the recorded one. Where the variable CI is set nothing is ever written.
    """
    for word in (name, suite):
        if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*", word):
            raise ValueError(f"{word!r} is no name for a record: letters, digits, - _ .")
    folder = Path(root) if root else Path(sys._getframe(1).f_code.co_filename).parent / "Golden"
    file = folder / suite / f"{name}.json"
    received = folder / suite / f"{name}.received.json"
    computed, origin = _named(values, mode), provenance or {}
    writes = not os.environ.get("CI")
    record = Record.read(file) if file.exists() else None
    differences = record.differences(computed, origin) if record else []
    if record and not differences:
        if writes:
            received.unlink(missing_ok=True)
        return
    if writes and os.environ.get("ESCAPEMENT_ACCEPT") == "1" and because.strip():
        if record is None or record.reason != because:
            change = {"who": _author(), "what": _change(record, computed, origin)}
            Record(because, computed, origin, accepted=change).write(file)
            received.unlink(missing_ok=True)
            return
    if record is None:
        differences = [f"missing: no record of {len(computed)} values"]
    if writes:
        Record("computed by a check and not accepted", computed, origin).write(received)
        differences.append(f"computed values: {received}")
    how = (
        "ESCAPEMENT_ACCEPT=1 puts it on record under a new reason"
        if writes
        else "CI is set: nothing is written"
    )
    raise GoldenFailure("\n".join([f"{suite}/{name} is not what {file} has on record", *differences, how]))


def _named(values: Any, mode: Mode) -> List[Value]:
    if isinstance(values, Mapping):
        return [Value.of(str(name), value, mode) for name, value in values.items()]
    if mode.name == "statistical":
        return [Value.of("sample", values, mode)]
    return [Value.of(f"value {index + 1}", value, mode) for index, value in enumerate(values)]


def _change(record: Optional[Record], computed: List[Value], origin: Dict[str, str]) -> str:
    if record is None:
        return f"first record of {len(computed)} values"
    old = {value.name: value for value in record.values}
    names = {value.name for value in computed}
    counts = [
        (sum(value.name in old and old[value.name].json() != value.json() for value in computed), "changed"),
        (sum(value.name not in old for value in computed), "added"),
        (sum(value.name not in names for value in record.values), "removed"),
    ]
    parts = [f"{count} {what}" for count, what in counts if count]
    parts += ["provenance changed"] if record.provenance != origin else []
    return f"of {len(record.values)} values: {', '.join(parts) or 'none changed'}"


def _author() -> str:
    try:
        answer = subprocess.run(
            ["git", "config", "user.name"], capture_output=True, text=True, check=False, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    return answer.stdout.strip() or "unknown"


__all__ = ["GoldenFailure", "InvalidFile", "expect_golden"]
