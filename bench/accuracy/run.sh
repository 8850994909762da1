#!/usr/bin/env bash
# bash bench/accuracy/run.sh [--rows N] [--threads N] [--seed N] [--json FILE] [...]
# Random rows of every family, form and dtype against exact values, then SciPy and PyTorch on some of them. The options
# are kullback_accuracy's. Exits with 1 when a value lies outside the contract.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../../tests/setup.sh"

kullback_packages
kullback_configure_default
cmake --build "$kullback_build" --target kullback_accuracy >&2

"$kullback_build/bin/kullback_accuracy" --golden "$kullback_root/tests/golden/cases.csv"
samples=$(mktemp -d)
trap 'rm -rf "$samples"' EXIT
status=0
"$kullback_build/bin/kullback_accuracy" --threads "$(nproc)" --samples "$samples" --json "$samples/accuracy.json" "$@" ||
  status=$?
[[ $status -le 1 ]] || exit "$status"

kullback_peers
# A --json of the user's took the place of ours.
record=$samples/accuracy.json
for ((i = 1; i < $#; ++i)); do
  if [[ ${!i} == --json ]]; then j=$((i + 1)) && record=${!j}; fi
done
"$kullback_peers_python" "$kullback_root/bench/accuracy/peers.py" "$samples" "$record"
exit "$status"
