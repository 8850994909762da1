#!/usr/bin/env bash
# bash bench/peers/run.sh [--quick] [--only WORD] [--json FILE]
# Times Kullback beside NumPy, SciPy, scikit-learn and PyTorch on the same files, in turns. The peers are installed from
# PyPI into build/peers; nothing of Kullback depends on them.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../../tests/setup.sh"

kullback_packages
kullback_configure_default
cmake --build "$kullback_build" --target kullback_peer >&2

peers=$kullback_build/peers
if [[ ! -e $peers/complete ]]; then
  echo "Installing the peers into ${peers#"$kullback_root"/}" >&2
  python3 -c 'import ensurepip, venv' 2>/dev/null || kullback_install python3-venv
  python3 -m venv "$peers"
  "$peers/bin/python" -m pip install --quiet numpy scipy scikit-learn
  "$peers/bin/python" -m pip install --quiet torch || echo "No PyTorch from PyPI: its column stays empty." >&2
  touch "$peers/complete"
fi
exec "$peers/bin/python" "$kullback_root/bench/peers/peers.py" "$kullback_build/bin/kullback_peer" "$@"
