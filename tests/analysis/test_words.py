import pytest

from sim.analysis.words import SCALE, words


@pytest.mark.parametrize(
    ("p", "said"),
    [
        (0.0, "almost no chance"),
        (0.03, "almost no chance"),
        (0.05, "almost no chance"),
        (0.051, "very unlikely"),
        (0.3, "unlikely"),
        (0.5, "roughly even chance"),
        (0.56, "likely"),
        (0.78, "likely"),
        (0.9, "very likely"),
        (0.951, "almost certain"),
        (1.0, "almost certain"),
    ],
)
def test_the_scale_of_icd_203(p, said):
    assert words(p) == said


def test_the_bands_cover_everything_in_order():
    ends = [end for end, _ in SCALE]
    assert ends == sorted(set(ends))
    assert ends[-1] == 1.0


@pytest.mark.parametrize("p", [-0.01, 1.01, float("nan")])
def test_what_is_no_probability_is_refused(p):
    with pytest.raises(ValueError, match="a probability lies between 0 and 1, not"):
        words(p)
