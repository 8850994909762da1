#!/usr/bin/env bash
# bash bench/peers/run.sh [--quick] [--only WORD] [--json FILE]
# Times Kullback beside NumPy, SciPy, scikit-learn and PyTorch on the same files, in turns. The peers are installed from
# PyPI into build/peers; nothing of Kullback depends on them.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../../tests/setup.sh"

kullback_packages
kullback_configure_default
cmake --build "$kullback_build" --target kullback_peer >&2

kullback_peers
exec "$kullback_peers_python" "$kullback_root/bench/peers/peers.py" "$kullback_build/bin/kullback_peer" "$@"
