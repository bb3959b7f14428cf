"""Small scenarios for tests of the verbs and of the command line."""

BRIDGE = """
title: A bridge under fire
question: When is the bridge hit?
clock: {start: 2024-12-06T18:00+03:00, horizon: 4 days, report: [1 day, 2 days, 4 days]}
variables:
  bridge: {states: [up, down]}
parameters:
  hits: {uniform: [0.2 / day, 0.4 / day]}
transitions:
  strike: {when: bridge == up, rate: hits, then: {bridge: down}, says: The bridge is hit}
  repair: {when: bridge == down, after: 1 day, memory: redraw, then: {bridge: up}, says: It stands}
outcomes:
  hit: {when: bridge == down, label: The bridge is hit}
  never: strike.fired > 90
watch: {is_down: bridge == down}
totals: {days_down: bridge == down}
variants:
  safe: {parameters.hits: 0.01 / day}
"""

#: That breaks a rule: a pace turns negative.
FAULTY = """
title: A rate below zero
clock: {horizon: 5 days}
variables: {n: {integer: [0, 9], initial: 2}}
transitions:
  less: {when: n >= 0, rate: (n - 1.9) / day, then: {n: n - 1}}
outcomes: {none: n == 0}
"""

#: Whose replications take some 30 microseconds each: a run of many takes as long as one lets it.
ENDLESS = """
title: A long run
clock: {horizon: 30 days}
variables: {n: {integer: [0, 9], initial: 0}}
transitions:
  more: {rate: 9 / day, then: {n: n + 1 if n < 9 else 0}}
outcomes: {nine: n == 9}
"""
