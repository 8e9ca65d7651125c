"""Escapement for Python: readers of its files, checks of optimizers, and the command-line tool.

escapement.vectors, .runs, .spectra, .goldens, .weights    readers
escapement.testing                                         checks of optimizers, also as a pytest plugin
escapement.executable()                                    the command-line tool inside the wheel
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

__version__ = "0.1.0"
__all__ = ["__version__", "executable", "main"]


def executable() -> Path:
    """The command-line tool: the one that ESCAPEMENT_EXECUTABLE names, or the one inside the wheel.

    Raises FileNotFoundError if the package was installed from sources, without the tool.
    """
    named = os.environ.get("ESCAPEMENT_EXECUTABLE")
    path = Path(named) if named else Path(__file__).parent / "bin" / "escapement"
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is not there: install the wheel that `./ci.sh wheel` builds, or let "
            "ESCAPEMENT_EXECUTABLE name an executable"
        )
    return path


def main() -> NoReturn:
    """Replaces this process with the command-line tool, which gets the same arguments."""
    try:
        path = executable()
    except FileNotFoundError as error:
        print(f"escapement: {error}", file=sys.stderr)
        sys.exit(69)
    os.execv(path, [str(path), *sys.argv[1:]])
