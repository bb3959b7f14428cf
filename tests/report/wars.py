"""Small wars whose places are on a map."""

WAR = """
title: Three places on a road
clock: {start: 2024-12-06T18:00+03:00, horizon: 10 days, grid: 1 day, report: [1 day, 4.5 days]}
factions:
  south: {label: the South}
  north: {supply: 4 days}
hostile: [[south, north]]
places:
  camp: {at: [34.2, 36.6], control: south, population: 500}
  ford: {at: [34.5, 36.5], port: yes, control: {choice: {north: 1, south: 3}}, population: 20000}
  town: {label: The Town, at: [34.9, 36.7], control: north, population: 150000}
  mouth: {label: the sea, at: [34.9, 32.0], control: none, kind: source}
  nowhere: {control: north}
routes: {road: {between: [camp, town], km: 90}, river: {between: [mouth, ford], kind: sea}}
processes:
  drive: {kind: advance, faction: south, along: [camp, town], force: 5000}
"""
#: Texts that must be nothing but text.
HOSTILE = (
    '<b>"x"</b>',
    "$\\\\bad$",
    "[/nope]",
    "حمص",
    "W" * 300,
    "</text><script>alert(1)</script>",
)
