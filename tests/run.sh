#!/usr/bin/env bash
# bash tests/run.sh [ctest arguments]
# Installs what is missing, builds into build/ and, with sanitizers, into build/sanitize, and runs all tests.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

kullback_packages
kullback_configure sanitize
cmake --build "$kullback_build/sanitize"
kullback_configure_default -DKULLBACK_SANITIZED_TREE="$kullback_build/sanitize"
cmake --build "$kullback_build"

status=0
ctest --test-dir "$kullback_build" --output-on-failure --no-tests=error --parallel "$(nproc)" "$@" || status=$?
kullback_cuda_line
exit "$status"
