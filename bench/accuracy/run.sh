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

peers=$kullback_build/peers
if [[ ! -e $peers/complete ]]; then
  echo "Installing the peers into ${peers#"$kullback_root"/}" >&2
  python3 -c 'import ensurepip, venv' 2>/dev/null || kullback_install python3-venv
  python3 -m venv "$peers"
  "$peers/bin/python" -m pip install --quiet numpy scipy scikit-learn
  "$peers/bin/python" -m pip install --quiet torch || echo "No PyTorch from PyPI: its column stays empty." >&2
  touch "$peers/complete"
fi
# A --json of the user's took the place of ours.
record=$samples/accuracy.json
for ((i = 1; i < $#; ++i)); do
  if [[ ${!i} == --json ]]; then j=$((i + 1)) && record=${!j}; fi
done
"$peers/bin/python" "$kullback_root/bench/accuracy/peers.py" "$samples" "$record"
exit "$status"
