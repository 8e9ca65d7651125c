"""Hands the metrics of a run to other programs.

    python -m escapement.export RUN --csv FILE              epochs; --event step|spectrum for the others
    python -m escapement.export RUN --tensorboard DIR       needs pip install tensorboard
    python -m escapement.export RUN --wandb-offline DIR     needs pip install wandb; `wandb sync` uploads it later

Exit codes as those of the tool: 64 usage, 65 bad data, 69 something is missing.
"""

from __future__ import annotations

import argparse
import csv
import io
import math
import sys
from pathlib import Path
from typing import Any, Dict, Iterator, List, NoReturn, Optional, Tuple

from . import _files
from .runs import InvalidFile, Run, columns, single_columns

# Events that become scalars, and what precedes their names.
SCALARS = {"epoch": "", "step": "step/", "spectrum": "spectrum/"}


class MissingPackage(Exception):
    """A package that an exporter needs; the message says how to install it."""


def table(run: Run, event: str) -> Dict[str, List[Any]]:
    """The events of one kind as columns of equal length, a column for each class."""
    arrays = run.spectra() if event == "spectrum" else columns(run.select(event))
    return {name: array.tolist() for name, array in single_columns(arrays) if name != "event"}


def scalars(run: Run) -> Iterator[Tuple[int, str, float]]:
    """Every number of the metrics as (step of the run, name, value), in the order of steps."""
    found: List[Tuple[int, str, float]] = []
    for event, prefix in SCALARS.items():
        rows = table(run, event)
        for name, values in rows.items():
            if name == "step" or (event == "spectrum" and name == "class"):
                continue
            for index, value in enumerate(values):
                if isinstance(value, str):
                    continue
                label = prefix + name.replace(".", "/")
                if event == "spectrum":
                    label += f"/class {rows['class'][index]}" if rows["class"][index] >= 0 else "/all"
                found.append((rows["step"][index], label, float(value)))
    return iter(sorted(found, key=lambda entry: entry[0]))


def to_csv(run: Run, path: _files.Path_, event: str = "epoch") -> None:
    """Writes the events of one kind, one line each."""
    rows = table(run, event)
    if not rows:
        raise InvalidFile(f"{run.directory}: no event {event!r} in the metrics")
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(rows)
    # repr is the shortest text that reads back as the same number.
    writer.writerows([repr(v) if isinstance(v, float) else v for v in row] for row in zip(*rows.values()))
    _files.write_at_once(path, text.getvalue().encode())


def to_tensorboard(run: Run, directory: _files.Path_) -> None:
    """Writes an event file by TensorBoard's own writer. Steps are those of the run; the clock plays no part in them."""
    try:
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.summary.writer.event_file_writer import EventFileWriter
    except ImportError:
        raise MissingPackage("--tensorboard needs the package tensorboard: pip install tensorboard") from None
    writer = EventFileWriter(str(directory))
    for step, name, value in scalars(run):
        summary = Summary(value=[Summary.Value(tag=name, simple_value=value)])
        writer.add_event(Event(step=step, summary=summary))
    writer.close()


def to_wandb(run: Run, directory: _files.Path_) -> None:
    """Writes a run of Weights & Biases to a directory; nothing is sent."""
    try:
        import wandb
    except ImportError:
        raise MissingPackage("--wandb-offline needs the package wandb: pip install wandb") from None
    Path(directory).mkdir(parents=True, exist_ok=True)
    target = wandb.init(
        mode="offline",
        dir=str(directory),
        project="escapement",
        name=run.directory.resolve().name,
        config=run.record["recipe"],
        settings=wandb.Settings(silent=True),
    )
    rows: Dict[int, Dict[str, float]] = {}
    for step, name, value in scalars(run):
        rows.setdefault(step, {})[name] = value
    for step, row in rows.items():
        target.log({name: value for name, value in row.items() if not math.isnan(value)}, step=step)
    target.finish()


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        _fail(64, f"{message}; see --help")


def _fail(code: int, message: str) -> NoReturn:
    print(f"escapement.export: {message}", file=sys.stderr)
    sys.exit(code)


def main(arguments: Optional[List[str]] = None) -> None:
    """The command of the module."""
    parser = _Parser(
        prog="python -m escapement.export", description="Hands the metrics of a run to other programs."
    )
    parser.add_argument("run", metavar="RUN", help="run directory")
    parser.add_argument("--csv", metavar="FILE", help="write the events of one kind as CSV")
    parser.add_argument("--event", choices=list(SCALARS), default="epoch", help="of --csv (default: epoch)")
    parser.add_argument("--tensorboard", metavar="DIR", help="write an event file of TensorBoard")
    parser.add_argument(
        "--wandb-offline", metavar="DIR", help="write a run of Weights & Biases, without sending it"
    )
    chosen = parser.parse_args(arguments)
    if not (chosen.csv or chosen.tensorboard or chosen.wandb_offline):
        parser.error("one of --csv, --tensorboard, --wandb-offline is needed")
    try:
        run = Run(chosen.run)
        if chosen.csv:
            to_csv(run, chosen.csv, chosen.event)
        if chosen.tensorboard:
            to_tensorboard(run, chosen.tensorboard)
        if chosen.wandb_offline:
            to_wandb(run, chosen.wandb_offline)
    except InvalidFile as error:
        _fail(65, str(error))
    except MissingPackage as error:
        _fail(69, str(error))
    except FileNotFoundError as error:
        _fail(69, f"{error.filename} is missing")
    except OSError as error:
        _fail(65, f"{error.filename}: {error.strerror}")


if __name__ == "__main__":
    main()
