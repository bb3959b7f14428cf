#!/usr/bin/env bash
# A forecast in continuous integration: its checks and a comparison, within a time budget.
#
#   docs/ci/forecast.sh SCENARIO VARIANT [FOLDER]
#
# Leaves tables and pictures in FOLDER (artefacts), whether checks pass or not, and exits with 1 if
# one has failed. BUDGET is how many seconds the checks may take, and then the comparison (60 each);
# REPLICATIONS is how many are compared (10000); FRONTCAST is the command (python run.py).
set -euo pipefail

scenario=$1 variant=$2 folder=${3:-artefacts}
budget=${BUDGET:-60} replications=${REPLICATIONS:-10000}
read -ra frontcast <<<"${FRONTCAST:-python run.py}"
mkdir -p "$folder"

# 1 says that a check has failed: what follows may show why. Anything above ends it here.
status=0
"${frontcast[@]}" check "$scenario" --budget "${budget}s" \
  --junit "$folder/checks.xml" --markdown "$folder/checks.md" >"$folder/checks.txt" || status=$?
cat "$folder/checks.txt"
[ "$status" -le 1 ] || exit "$status"

within_budget() { timeout --signal=INT "$budget" "${frontcast[@]}" "$@"; }

# The forecast, then how a variant differs from it; its run is found, not repeated.
within_budget run "$scenario" -n "$replications" --out "$folder/results" >"$folder/forecast.txt"
"${frontcast[@]}" show "$(basename "$scenario" .yaml)" --out "$folder/results" --csv \
  >"$folder/forecast.csv"
within_budget compare "$scenario" --variant "$variant" -n "$replications" \
  --out "$folder/results" >"$folder/comparison.txt"
cat "$folder/comparison.txt"
exit "$status"
