#!/usr/bin/env bash
# bash tests/run.sh [ctest arguments]
# Installs what is missing, builds into build/ and, with sanitizers, the library and the tool into build/sanitize, and
# runs all tests.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

kullback_packages
kullback_configure sanitize
cmake --build "$kullback_build/sanitize" --target kullback kullback_cli npy_test
kullback_configure_default -DKULLBACK_SANITIZED_TREE="$kullback_build/sanitize"
cmake --build "$kullback_build"

# Several tests share the cores: a thread that waits gives way.
export OMP_WAIT_POLICY=passive

status=0
ctest --test-dir "$kullback_build" --output-on-failure --no-tests=error --parallel "$(nproc)" "$@" || status=$?
kullback_cuda_line
exit "$status"
