"""`python -m escapement.export`."""

import csv
import sys

import pytest

from escapement.export import main
from escapement.runs import Run


def test_csv(run_directory, tmp_path):
    main([str(run_directory), "--csv", str(tmp_path / "epochs.csv")])
    with open(tmp_path / "epochs.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    epochs = Run(run_directory).epochs()
    assert [float(row["train.loss"]) for row in rows] == epochs["train.loss"].tolist()
    assert [float(row["test.per_class.accuracy.0"]) for row in rows] == epochs["test.per_class.accuracy"][
        :, 0
    ].tolist()
    main([str(run_directory), "--csv", str(tmp_path / "spectra.csv"), "--event", "spectrum"])
    assert (tmp_path / "spectra.csv").read_text().count("\n") == 4


def test_tensorboard(run_directory, tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

    main([str(run_directory), "--tensorboard", str(tmp_path)])
    (file,) = tmp_path.iterdir()
    found = {}
    for event in EventFileLoader(str(file)).Load():
        for value in event.summary.value:
            found.setdefault(value.tag, []).append((event.step, value.tensor.float_val[0]))
    accuracy = Run(run_directory).epochs()["test.accuracy"]
    # Event files hold single precision.
    assert [step for step, _ in found["test/accuracy"]] == [29, 58]
    assert all(abs(a - b) <= 2.0**-24 for (_, a), b in zip(found["test/accuracy"], accuracy))
    assert "spectrum/smallest/class 9" in found and "step/cosine" in found


def test_wandb(run_directory, tmp_path):
    pytest.importorskip("wandb")
    main([str(run_directory), "--wandb-offline", str(tmp_path)])
    assert list(tmp_path.glob("wandb/offline-run-*/*.wandb"))


@pytest.mark.parametrize(
    ("arguments", "missing", "code", "message"),
    [
        ([], None, 64, "one of --csv, --tensorboard, --wandb-offline is needed; see --help"),
        (["--tensorboard", "x"], "tensorboard", 69, "pip install tensorboard"),
        (["--wandb-offline", "x"], "wandb", 69, "pip install wandb"),
        (["--csv", "x", "--event", "step"], None, 65, "no event 'step' in the metrics"),
    ],
)
def test_one_line_for_what_is_wrong(
    arguments, missing, code, message, run_directory, tmp_path, monkeypatch, capsys
):
    if missing:
        for name in [name for name in sys.modules if name.split(".")[0] == missing]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, missing, None)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run.json").write_text((run_directory / "run.json").read_text())
    with pytest.raises(SystemExit) as ended:
        main([str(tmp_path), *arguments])
    printed = capsys.readouterr().err
    assert ended.value.code == code and message in printed and printed.count("\n") == 1


def test_a_run_that_is_not_there(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main([str(tmp_path / "no"), "--csv", "x"])
    assert ended.value.code == 69 and capsys.readouterr().err.endswith("run.json is missing\n")
