"""Runs, spectra, weights and vectors, read from files that the executable wrote."""

import hashlib
import json
import shutil

import numpy as np
import pytest

from escapement import vectors
from escapement.runs import InvalidFile, Run, checkpoints
from escapement.spectra import density
from escapement.spectra import read as read_spectra
from escapement.weights import read as read_weights
from escapement.weights import save


def lines(directory):
    return [json.loads(line) for line in (directory / "metrics.jsonl").read_text().splitlines()]


def test_a_run_as_arrays(run_directory):
    run = Run(run_directory)
    assert run.is_finished and run.contract.split()[0] == "2"
    assert run.record["recipe"]["optimizer"]["name"] == "sam"
    epochs = run.epochs()
    written = [line for line in lines(run_directory) if line["event"] == "epoch"]
    assert epochs["epoch"].tolist() == [0, 1]
    assert epochs["train.loss"].tolist() == [line["train"]["loss"] for line in written]
    counts = written[1]["test"]["per_class"]
    assert epochs["test.per_class.accuracy"].shape == (2, 10)
    assert epochs["test.per_class.accuracy"][1].tolist() == [c["correct"] / c["samples"] for c in counts]
    assert epochs["test.accuracy"][1] == sum(c["correct"] for c in counts) / 1000
    steps = run.steps()
    assert steps["step"].tolist() == list(range(5, 59, 5))
    assert steps["rho"].tolist() == [0.5] * 11
    spectra = run.spectra()
    assert spectra["class"].tolist() == [9, 0, 9]
    assert (spectra["smallest"] < 0).all() and (spectra["largest"] > 0).all()


def test_a_run_as_a_frame(run_directory):
    pandas = pytest.importorskip("pandas")
    frame = Run(run_directory).frame()
    assert isinstance(frame, pandas.DataFrame) and len(frame) == 2
    assert frame["test.per_class.accuracy.9"].dtype == np.float64
    assert Run(run_directory).frame("spectrum")["class"].tolist() == [9, 0, 9]


def test_a_run_that_was_cut_off(run_directory, tmp_path):
    shutil.copytree(run_directory, tmp_path / "run")
    metrics = tmp_path / "run" / "metrics.jsonl"
    data = metrics.read_bytes()
    whole = data[: data.index(b'"event":"epoch"')].count(b"\n")
    metrics.write_bytes(data[: data.index(b'"event":"epoch"')])
    run = Run(tmp_path / "run")
    assert not run.is_finished
    assert len(run.events) == whole and run.epochs() == {}


def test_changed_metrics_are_refused(run_directory, tmp_path):
    shutil.copytree(run_directory, tmp_path / "run")
    metrics = tmp_path / "run" / "metrics.jsonl"
    data = metrics.read_bytes()
    metrics.write_bytes(data.replace(b'"correct":7', b'"correct":8', 1))
    with pytest.raises(InvalidFile, match=r"metrics\.jsonl: SHA-256 .*, the seal of the run says"):
        Run(tmp_path / "run")
    metrics.write_bytes(data.replace(b"{", b"(", 1))
    with pytest.raises(InvalidFile, match="line 1 is not a JSON object"):
        Run(tmp_path / "run")


def test_line_ends_of_another_system(run_directory, tmp_path):
    shutil.copytree(run_directory, tmp_path / "run")
    for name in ("run.json", "metrics.jsonl"):
        file = tmp_path / "run" / name
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert Run(tmp_path / "run").is_finished


def test_an_evidence_folder(run_tool, run_directory, tmp_path):
    run_tool("evidence", "add", run_directory, "--to", tmp_path / "evidence")
    (folder,) = [path.parent for path in (tmp_path / "evidence").rglob("run.json")]
    short, whole = Run(folder), Run(run_directory)
    assert short.is_finished
    assert short.epochs()["test.accuracy"].tolist() == whole.epochs()["test.accuracy"].tolist()


def test_numbers_that_json_has_no_form_for(tmp_path):
    (tmp_path / "run.json").write_text('{"schema": 3}')
    events = [{"event": "epoch", "loss": value} for value in ("nan", "inf", 1.5, None)]
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    loss = Run(tmp_path).epochs()["loss"]
    assert np.isnan(loss[[0, 3]]).all() and loss[1] == np.inf and loss[2] == 1.5


def test_weights_of_a_run(run_directory):
    weights = read_weights(run_directory)
    assert weights.sidecar["step"] == 58 == checkpoints(run_directory)[-1][0]
    parameters = sum(tensor.size for name, tensor in weights.tensors.items() if "running" not in name)
    assert parameters == Run(run_directory).record["parameters"]
    assert weights.optimizer["momentum"].keys() <= weights.tensors.keys()
    assert read_weights(run_directory, step=29).sidecar["step"] == 29
    with pytest.raises(FileNotFoundError, match="no checkpoint after step 3"):
        read_weights(run_directory, step=3)


def test_a_contrastive_loss_keeps_tensors_of_its_own(tmp_path):
    tensors = {
        name: np.zeros(2) for name in ("linear.weight", "encoder_k.linear.weight", "queue", "queue_ptr")
    }
    save(tmp_path / "step-1.safetensors", {**tensors, "optimizer.momentum.linear.weight": np.ones(2)})
    digest = hashlib.sha256((tmp_path / "step-1.safetensors").read_bytes()).hexdigest()
    (tmp_path / "step-1.json").write_text(json.dumps({"schema": 2, "tensors_sha256": digest}))
    weights = read_weights(tmp_path / "step-1.json")
    assert weights.tensors.keys() == {"linear.weight"} and weights.optimizer.keys() == {"momentum"}
    assert weights.contrast.keys() == {"encoder_k.linear.weight", "queue", "queue_ptr"}


def test_a_damaged_checkpoint_is_passed_over(run_directory, tmp_path):
    shutil.copytree(run_directory, tmp_path / "run")
    for step, expected in ((58, 29), (29, None)):
        file = tmp_path / "run" / "checkpoints" / f"step-{step:08d}.safetensors"
        data = bytearray(file.read_bytes())
        data[-1] ^= 1
        file.write_bytes(data)
        if expected:
            assert read_weights(tmp_path / "run").sidecar["step"] == expected
    with pytest.raises(InvalidFile, match="SHA-256.*; .*SHA-256"):
        read_weights(tmp_path / "run")


def test_saved_weights_are_read_by_the_tool(run_tool, run_directory, tmp_path):
    weights = read_weights(run_directory)
    save(tmp_path / "mine.safetensors", weights.tensors)
    again = read_weights(tmp_path / "mine.safetensors").tensors
    assert all(np.array_equal(again[name], tensor) for name, tensor in weights.tensors.items())
    printed = run_tool(
        "weights",
        "import",
        tmp_path / "mine.safetensors",
        "--preset",
        "fixture/ce",
        "--out",
        tmp_path / "run",
    )
    assert f"{100 * Run(run_directory).epochs()['test.accuracy'][-1]:.2f} %" in printed
    assert Run(tmp_path / "run").select("evaluation")[0]["test"]["samples"] == 1000


def test_weights_as_a_state_dictionary(run_directory):
    torch = pytest.importorskip("torch")
    state = read_weights(run_directory).torch()
    assert state["linear.weight"].dtype == torch.float32 and state["linear.weight"].shape == (10, 32)


def test_spectra(run_tool, run_directory, tmp_path):
    run_tool(
        "spectrum",
        run_directory,
        "--class",
        "9",
        "--steps",
        "10",
        "--density",
        "--probes",
        "3",
        "--out",
        tmp_path / "class9.json",
    )
    spectra = read_spectra(tmp_path / "class9.json")
    assert [s.probe for s in spectra] == [0, 1, 2]
    for spectrum in spectra:
        matrix = np.diag(spectrum.alpha) + np.diag(spectrum.beta[:-1], 1) + np.diag(spectrum.beta[:-1], -1)
        # Ten roundings of a ten-dimensional eigenvalue problem, and those of the file's own solver.
        near = 100 * np.finfo(float).eps * np.abs(matrix).sum(axis=0).max()
        assert np.abs(np.linalg.eigvalsh(matrix) - spectrum.ritz_values).max() <= near
        assert spectrum.smallest == spectrum.ritz_values[0] and spectrum.largest == spectrum.ritz_values[-1]
        assert spectrum.data == "class 9" and spectrum.valid and spectrum.ratio > 0
    grid = np.linspace(-6, 6, 4001)
    # The sum of a smooth density over a grid far finer than its width, with tails beyond 20 widths.
    assert abs(density(spectra, grid, 0.1).sum() * (grid[1] - grid[0]) - 1) < 1e-12
    (tmp_path / "no.json").write_text("{}")
    with pytest.raises(InvalidFile, match="found dict, expected a list of spectra"):
        read_spectra(tmp_path / "no.json")


def test_vectors_of_two_exports_are_refused(shipped_vectors, tmp_path):
    shutil.copytree(shipped_vectors, tmp_path / "vectors")
    name = "quadratic.sam-released"
    file = tmp_path / "vectors" / f"{name}.json"
    fields = json.loads(file.read_text())
    file.write_text(json.dumps({**fields, "contract": "1"}))
    with pytest.raises(InvalidFile, match="computed under contract 1, index.json says 2"):
        vectors.Vectors(tmp_path / "vectors").case(name)
    file.write_text(json.dumps({**fields, "problem_sha256": "0" * 64}))
    with pytest.raises(InvalidFile, match="belongs to another export of quadratic"):
        vectors.Vectors(tmp_path / "vectors").case(name)
    tensors = tmp_path / "vectors" / f"{name}.safetensors"
    file.write_text(json.dumps(fields))
    tensors.write_bytes(tensors.read_bytes()[:-1] + b"\0")
    with pytest.raises(InvalidFile, match="SHA-256"):
        vectors.Vectors(tmp_path / "vectors").case(name)


def test_cases_of_later_exports_are_read_past(shipped_vectors, tmp_path):
    shutil.copytree(shipped_vectors, tmp_path / "vectors")
    index = tmp_path / "vectors" / "index.json"
    fields = json.loads(index.read_text())
    later = ["quadratic.sam-released.something-new", "perceptron.a-new-rule.ce"]
    index.write_text(json.dumps({**fields, "cases": fields["cases"] + later, "more": 1}))
    from escapement.testing.trajectories import cases

    assert cases(vectors.Vectors(tmp_path / "vectors"), "sam-released") == [
        "quadratic.sam-released",
        "perceptron.sam-released.ce",
    ]


def test_a_release_archive(shipped_vectors, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    digest = vectors.pack(shipped_vectors, tmp_path / "a.zip")
    assert digest == vectors.pack(shipped_vectors, tmp_path / "b.zip")
    with pytest.raises(InvalidFile, match="SHA-256"):
        vectors.archive(str(tmp_path / "a.zip"), sha256="0" * 64)
    found = vectors.archive((tmp_path / "a.zip").as_uri(), sha256=digest)
    assert found.names == vectors.Vectors(shipped_vectors).names
    # From the cache, without the file.
    (tmp_path / "a.zip").unlink()
    assert vectors.archive(str(tmp_path / "a.zip"), sha256=digest).names == found.names
