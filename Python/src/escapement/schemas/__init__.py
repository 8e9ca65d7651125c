"""JSON Schemas (2020-12) of the files that Escapement writes, with what each member means.

schemas.names()             "checkpoint", "claims", "data-manifest", …
schemas.load("run")         the schema as a dictionary, for jsonschema.validate
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List

__all__ = ["load", "names"]

FOLDER = Path(__file__).parent


def names() -> List[str]:
    """The files that have a schema."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def load(name: str) -> Dict[str, Any]:
    """The schema of a file; that of "metrics" is for one line. Raises KeyError for an unknown name."""
    if name not in names():
        raise KeyError(f"no schema {name!r}; there are {', '.join(names())}")
    schema: Dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return schema
