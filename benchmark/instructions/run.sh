#!/usr/bin/env bash
# Builds engine_scenarios in a copy of the tree, and counts its instructions; see index.js.
#
# Usage: benchmark/instructions/run.sh [--update]
set -euo pipefail
tests=$(dirname "${BASH_SOURCE[0]}")/../../test

bash "$tests/setup.sh" native valgrind
. "$tests/copy.sh"
make_native engine_scenarios ''

node "$root/benchmark/instructions" "$PWD/build/Release/engine_scenarios" "$@"
