"""The ten lines of the documents, as they are printed there."""

import os
import re
from pathlib import Path

import pytest

import escapement

torch = pytest.importorskip("torch")

REPOSITORY = Path(__file__).parents[2]
PAGES = ["README.md", "Documentation/Python.md", "Python/README.md"]


@pytest.mark.skipif(not (REPOSITORY / PAGES[1]).is_file(), reason="the repository is not around the tests")
@pytest.mark.parametrize("page", PAGES)
def test_the_ten_lines(page, pytester, monkeypatch):
    blocks = re.findall(r"```python\n(.*?)```", (REPOSITORY / page).read_text(encoding="utf-8"), re.DOTALL)
    (test,) = [block for block in blocks if "def test_sam" in block]
    assert len([line for line in test.splitlines() if line.strip() and not line.startswith("#")]) <= 10
    folders = [Path(__file__).parent, Path(escapement.__file__).parents[1]]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, folders)))
    pytester.makepyfile(mine="from torch_sams import SAM", test_sam=test)
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)
    wrong = "import functools, torch_sams\nSAM = functools.partial(torch_sams.SAM, fault='sign')"
    pytester.makepyfile(mine=wrong)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*the perturbation has the wrong sign*"])
