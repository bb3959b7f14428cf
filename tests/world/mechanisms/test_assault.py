"""``assault``: two clocks race; by itself it is as long and as often won as past battles were."""

import math
from functools import cache

import numpy as np
import pytest
from scipy import integrate, stats

import sim
from sim.engines.driver import run_ensemble
from sim.errors import ScenarioError
from tests.engines.test_identity import differences
from tests.oracles.mechanisms import EVEN, SIGMAS, example, p_over

N = 10_000
#: Of CDB90, post-1900 battles: days to a decision by quantile; share that the attacker won, by the
#: ratio of forces.
DURATIONS = {0.25: 1.0, 0.5: 2.3, 0.75: 5.0, 0.9: 12.0}
WON = {(1.0, 1.5): 0.62, (1.5, 2.0): 0.60, (2.0, 2.5): 0.71, (2.5, 3.0): 0.69, (3.0, 4.0): 0.77}


def battle(ratio: str = "2", assault: str = "", push: str = "", factions: str = "") -> str:
    """Return a field battle at a ratio of forces, without ``collapse``; two in a thousand go on."""
    text = example("assault").replace("400 days", "100 days")
    text = text.replace("force: 2000", f"force: '1000 persons * ratio'{push}")
    text = text.replace("tempo_spread: 0.95", f"tempo_spread: 0.95{assault}")
    text = text.replace("red: {}", f"red: {{{factions}}}")
    return f"{text}parameters: {{ratio: {ratio}}}\n"


@cache
def chance(text: str, outcome: str = "won", by: float | None = None) -> float:
    return float(sim.run(sim.loads(text), replications=4_000).probability(outcome, by=by).value)


# Its own law.


def test_the_integral_is_that_of_a_simple_case():
    # Without luck but that of the tolerances, two independent lognormals race.
    alone = integrate.quad(
        lambda x: (
            stats.norm.pdf(x) * stats.norm.sf((SIGMAS[0] * x + EVEN[0] - EVEN[1]) / SIGMAS[1])
        ),
        -9.0,
        9.0,
    )[0]
    spread = math.hypot(SIGMAS[0], SIGMAS[1])
    assert alone == pytest.approx(stats.norm.cdf((EVEN[1] - EVEN[0]) / spread), abs=1e-9)
    assert p_over(1e9, 1.0) == pytest.approx(1.0)


# Past battles.


def test_durations_are_within_a_factor_of_1_3_of_past_battles():
    # The quantiles' own noise is below 3 %; by theory they are 0.78, 2.1, 5.5 and 12.9.
    mix = "{lognormal: {median: 1.7, sigma: 0.5}}"
    times = sim.run(sim.loads(battle(mix)), replications=N).times("over")
    for p, past in DURATIONS.items():
        assert 1 / 1.3 < np.quantile(times, p) / past < 1.3, p


def test_shares_won_are_within_a_tenth_of_past_battles():
    ensemble = sim.run(sim.loads(battle("{uniform: [1, 4]}")), replications=2 * N)
    ratio = ensemble.inputs["parameters.ratio"].to_numpy()
    won = np.isfinite(ensemble.times("won"))
    for (low, high), past in WON.items():
        # At least 3,000 battles each: 0.009 is a standard error, and theory is 0.055 off at most.
        found = won[(low <= ratio) & (ratio < high)].mean()
        assert abs(found - past) < 0.1, (low, high)


# What each key does.


@pytest.mark.parametrize(
    ("keys", "more"),
    [
        ({"assault": ", defender_loss: 0.064 / day"}, True),
        ({"assault": ", attacker_loss: 0.0206 / day"}, False),
        ({"assault": ", defender_tolerance: 0.5"}, False),
        ({"assault": ", attacker_tolerance: 0.5"}, True),
        ({"assault": ", ratio_exponent: 1"}, True),
        ({"assault": ", ratio_exponent: -1"}, False),
        ({"assault": ", effectiveness_spread: 3"}, False),
        ({"assault": ", surprise_effect: 0.5", "push": ", surprise: 3"}, True),
        ({"assault": ", surprise_effect: -0.5", "push": ", surprise: 3"}, False),
        ({"assault": ", morale_effect: 2", "factions": "cohesion: 1"}, True),
        ({"assault": ", morale_effect: 2", "factions": "cohesion: 0.15"}, False),
    ],
    ids=str,
)
def test_a_key_moves_the_share_won(keys, more):
    # Common random numbers: a difference of 0.03 is more than three standard errors.
    change = chance(battle(**keys)) - chance(battle())
    assert change > 0.03 if more else change < -0.03


def test_empty_stocks_of_the_defender_help_the_attacker():
    text = battle(assault=", logistics_effect: 1")
    short = text.replace("supply: 9000 days", "supply: 0 days, deficit_below: 2 days")
    assert chance(short) > chance(text) + 0.05


def test_tempo_decides_how_long_it_takes_and_not_who_wins():
    slow = battle().replace("tempo: 1,", "tempo: 0.25,")
    fast, slow = (sim.run(sim.loads(text), replications=2_000) for text in (battle(), slow))
    ends = fast.times("over") < 25.0
    assert slow.times("over")[ends] == pytest.approx(4.0 * fast.times("over")[ends])
    assert slow.via("won").tolist()[:5] == fast.via("won").tolist()[:5]


def test_contact_without_a_column_is_no_assault():
    quiet = example("assault").replace("kind: advance,", "kind: advance, off: yes,")
    assert not any(t.name.startswith("field.defender") for t in sim.loads(quiet).net.transitions)
    assert chance(quiet, "over") == 0.0


def test_off_when_and_times():
    assert chance(battle(assault=", off: yes"), "over") == 0.0
    assert chance(battle(assault=", from_time: 3 days"), "over", by=3.0) == 0.0
    assert chance(battle(assault=", from_time: 3 days"), "over") > 0.99
    never = battle(assault=", when: field.control == red")
    assert chance(never, "over") == 0.0
    until = sim.run(sim.loads(battle(assault=", until: 2 days")), replications=1_000)
    times = until.times("over")
    assert 0.3 < np.mean(np.isfinite(times)) < 0.7
    assert times[np.isfinite(times)].max() <= 2.0


def test_a_place_may_have_keys_of_its_own():
    text = battle().replace(
        "processes:\n", "processes:\n  here: {kind: assault, places: [field], off: yes}\n", 1
    )
    assert chance(text, "over") == 0.0


def test_an_unknown_place_is_told_where_it_stands():
    text = battle(assault=", places: [filed]")
    with pytest.raises(ScenarioError, match=r"\[unknown-place\]: unknown place 'filed'"):
        sim.loads(text)


def test_engines_agree_on_a_surprise():
    net = sim.loads(battle(push=", surprise: 2")).net
    reference = run_ensemble(net, engine="reference", seed=1, replications=60)
    compiled = run_ensemble(net, engine="compiled", seed=1, replications=60, workers=2, chunk=7)
    assert differences(reference, compiled) == []
    assert compiled.n_events.sum() > 0
