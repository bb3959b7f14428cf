"""Frontcast, by its public API: load the file, run an ensemble on one thread, read the times."""

import sim

SCENARIO = "scenarios/four_cities.yaml"
OUTCOME = "city_4_falls"


def prepare():
    """Load the scenario, return a function of (n_replications, seed) that gives times in days."""
    scenario = sim.load(SCENARIO)

    def run(n_replications, seed):
        ensemble = sim.run(scenario, replications=n_replications, seed=seed, workers=1)
        return ensemble.times(OUTCOME)

    run(1, 0)
    return run
