"""A right SAM passes, and each fault is found and called by its name."""

import re

import pytest
from sams import SENTENCES, sam

from escapement.testing import ConformanceFailure, check, check_laws, reference
from escapement.testing.rules import RULES
from escapement.testing.trajectories import cases, judge
from escapement.vectors import Vectors, shipped


def test_a_right_sam_passes():
    outcomes = check(sam(), rule="sam-released")
    names = [outcome.name for outcome in outcomes]
    assert {"quadratic.sam-released", "perceptron.sam-released.ce", "resume", "zero-radius"} <= set(names)


def test_restoring_by_subtraction_is_allowed():
    outcomes = check(sam("restored by subtraction"))
    (restored,) = [outcome for outcome in outcomes if outcome.name == "restored"]
    assert "drift, allowed" in restored.text


@pytest.mark.parametrize("fault", SENTENCES)
def test_each_fault_has_its_sentence(fault):
    with pytest.raises(ConformanceFailure) as failure:
        check(sam(fault))
    of_vectors = [outcome for outcome in failure.value.outcomes if "." in outcome.name]
    causes = [outcome.cause for outcome in of_vectors if not outcome.holds]
    assert any(SENTENCES[fault] in cause for cause in causes), (causes, str(failure.value))


@pytest.mark.parametrize(
    ("fault", "law"),
    [
        ("sign", "ascent"),
        ("missing restore", "restored"),
        ("squared norm", "loss-scale"),
        ("not normalized", "ascent"),
        ("skipped second pass", "one-batch"),
        ("no decay", "zero-radius"),
        ("first group only", "ascent"),
        ("decay in the ascent", "ascent"),
    ],
)
def test_laws_alone(fault, law):
    with pytest.raises(ConformanceFailure) as failure:
        check_laws(sam(fault))
    assert law in [outcome.name for outcome in failure.value.outcomes if not outcome.holds]


def test_a_nan_in_the_parameters_fails():
    def step(w, gradient, settings):
        after = sam()(w, gradient, settings)
        if settings.step == 3:
            next(iter(after.values())).flat[0] = float("nan")
        return after

    with pytest.raises(ConformanceFailure, match="first differs in step 4 of 25.*: nan apart"):
        check(step, laws=[])


def test_single_precision_is_asked_for():
    def step(w, gradient, settings):
        def rounded(*arguments, **named):
            loss, g = gradient(*arguments, **named)
            return loss, {name: value.astype("float32").astype("float64") for name, value in g.items()}

        return sam()(w, rounded, settings)

    check(step, precision="single")
    with pytest.raises(ConformanceFailure):
        check(step)
    for fault in ("sign", "missing restore", "first group only", "squared norm", "stale gradient"):
        with pytest.raises(ConformanceFailure, match=re.escape(SENTENCES[fault])):
            check(sam(fault), precision="single", laws=[])


def test_a_skipped_second_pass_equals_sgd():
    with pytest.raises(ConformanceFailure, match="equals SGD bit for bit: one gradient"):
        check(sam("skipped second pass"))


def test_a_nan_is_applied_or_refused():
    with pytest.raises(ConformanceFailure, match="one NaN in gradient 1 of step 1 makes 20 parameters NaN"):
        check_laws(sam(), laws=["divergence"])

    def refusing(w, gradient, settings):
        def finite(*arguments, **named):
            loss, g = gradient(*arguments, **named)
            if not all((value == value).all() for value in g.values()):
                raise FloatingPointError("a gradient is not finite")
            return loss, g

        return sam()(w, finite, settings)

    check_laws(refusing, laws=["divergence"])


def test_state_outside_the_settings_does_not_survive():
    memory = {}

    def step(w, gradient, settings):
        from escapement.testing.rules import plus

        d = plus(gradient(w)[1], w, settings.decay)
        key = id(settings.state)
        memory[key] = plus(d, memory[key], settings.momentum) if key in memory else d
        return plus(w, memory[key], -settings.rate)

    with pytest.raises(ConformanceFailure, match="resume: saved after step 1"):
        check_laws(step, rule="sgd")


def test_state_that_is_not_saved_does_not_survive():
    class Forgetful:
        def __call__(self, w, gradient, settings):
            return sam()(w, gradient, settings)

        def save(self, settings):
            return b""

        def load(self, data, parameters, settings):
            pass

    with pytest.raises(ConformanceFailure, match="resume: saved after step 1"):
        check_laws(Forgetful())


def test_a_gradient_of_an_earlier_step_is_refused():
    kept = []

    def step(w, gradient, settings):
        kept.append(gradient)
        return sam()(w, kept[0] if settings.step else gradient, settings)

    with pytest.raises(ConformanceFailure, match="belong to different batches"):
        check_laws(step, laws=["one-batch"])


@pytest.mark.parametrize("rule", RULES)
def test_the_rules_on_numpy_follow_the_vectors(rule):
    vectors = shipped()
    names = cases(vectors, rule)
    assert len(names) == 2
    for name in names:
        case = vectors.case(name)
        assert case.rule == RULES[rule]
        outcome = judge(reference(case.rule), case)
        assert outcome.holds, outcome


def test_every_rule_of_the_vectors_is_known():
    assert {name.split(".")[1] for name in shipped().names} <= RULES.keys()


@pytest.mark.parametrize("rule", RULES)
def test_the_rules_on_numpy_keep_the_laws(rule):
    assert check_laws(reference(RULES[rule]), rule=rule)


def test_networks_with_batch_norm(network_vectors):
    vectors = Vectors(network_vectors)
    for name in vectors.names:
        outcome = judge(reference(vectors.case(name).rule), vectors.case(name))
        assert outcome.holds, outcome


def test_an_unknown_rule_is_named():
    with pytest.raises(ValueError, match="no case of the rule 'sam'; there are sgd, sam-released"):
        check(sam(), rule="sam")
