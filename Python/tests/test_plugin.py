"""`pytest --escapement`."""

import sys
from pathlib import Path

TESTS = Path(__file__).parent
MINE = """
from sams import sam
from escapement.testing import optimizer

right = optimizer(sam())
wrong = optimizer(sam("sign"), laws=["ascent"])

def test_of_another_kind():
    pass
"""


def run(pytester, *arguments):
    pytester.syspathinsert(TESTS)
    pytester.makepyfile(test_mine=MINE)
    installed = [] if "escapement.testing.plugin" in sys.modules else ["-p", "escapement.testing.plugin"]
    return pytester.runpytest(*installed, "-p", "no:cacheprovider", *arguments)


def test_each_case_and_law_is_a_test(pytester):
    result = run(pytester, "--escapement", "-q")
    result.assert_outcomes(passed=9, failed=3)
    result.stdout.fnmatch_lines(["*w - e: the perturbation has the wrong sign*"])


def test_without_the_flag_nothing_is_checked(pytester):
    run(pytester).assert_outcomes(passed=1)


def test_names_select(pytester):
    run(pytester, "--escapement", "-k", "right and zero-radius").assert_outcomes(passed=1, deselected=11)


def test_an_archive_adds_the_networks(pytester, network_vectors, monkeypatch):
    from escapement import vectors

    digest = vectors.pack(network_vectors, pytester.path / "vectors.zip")
    monkeypatch.setattr(vectors, "released_digest", lambda: digest)
    monkeypatch.setenv("XDG_CACHE_HOME", str(pytester.path / "cache"))
    result = run(
        pytester, "--escapement", "--escapement-vectors", "vectors.zip", "-k", "right and resnet8", "-v"
    )
    result.assert_outcomes(passed=1, deselected=9)
