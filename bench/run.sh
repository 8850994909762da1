#!/usr/bin/env bash
# bash bench/run.sh [--quick] [--backend cpu|cuda|all] [--only WORD] [--json FILE] [--data DIR]
# Installs what is missing, builds into build/, and times every measure on real input and on synthetic batches.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../tests/setup.sh"

kullback_packages
kullback_configure_default
cmake --build "$kullback_build" --target kullback_bench kullback_cli >&2

status=0
"$kullback_build/bin/kullback_bench" "$@" || status=$?
kullback_cuda_line
exit "$status"
