"""Fixtures: the executable that was built, the vectors that it exports, and files that it writes."""

import os
import subprocess

import pytest

import escapement
from escapement import vectors

pytest_plugins = ["pytester"]


@pytest.fixture(scope="session")
def tool():
    try:
        return escapement.executable()
    except FileNotFoundError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def run_tool(tool):
    """Runs the executable and returns what it prints."""

    def run(*arguments, cwd=None):
        environment = {**os.environ, "ESCAPEMENT_THREADS": "2"}
        answer = subprocess.run(
            [str(tool), *map(str, arguments)], capture_output=True, text=True, cwd=cwd, env=environment
        )
        assert answer.returncode in (0, 2), f"escapement {arguments}: {answer.stderr}"
        return answer.stdout

    return run


@pytest.fixture(scope="session", autouse=True)
def shipped_vectors(run_tool, tmp_path_factory):
    """The vectors that the wheel ships; if it is the sources that are tested, an export under ESCAPEMENT_VECTORS."""
    if (vectors.DATA / "vectors" / "index.json").is_file():
        yield vectors.DATA / "vectors"
        return
    names = run_tool("vectors", "list").split()
    target = tmp_path_factory.mktemp("vectors") / "shipped"
    chosen = [name for name in names if name.split(".")[0] in ("quadratic", "perceptron")]
    run_tool("vectors", "export", "--out", target, *(word for name in chosen for word in ("--case", name)))
    os.environ["ESCAPEMENT_VECTORS"] = str(target)
    yield target
    del os.environ["ESCAPEMENT_VECTORS"]


@pytest.fixture(scope="session")
def network_vectors(run_tool, tmp_path_factory):
    """A few cases with images, which the wheel leaves to the release archive."""
    target = tmp_path_factory.mktemp("vectors") / "networks"
    names = ("resnet8.sam-released.ce", "resnet8-cosine.sgd.ldam")
    run_tool("vectors", "export", "--out", target, *(word for name in names for word in ("--case", name)))
    return target


@pytest.fixture(scope="session")
def run_directory(run_tool, tmp_path_factory):
    """A finished training run of a few seconds."""
    target = tmp_path_factory.mktemp("runs") / "run"
    settings = ["--epochs", "2", "--metrics-every", "5", "--spectra", "0,9@1", "--spectrum-steps", "6"]
    run_tool("train", "--preset", "fixture/ce-drw-sam", *settings, "--out", target)
    return target
