#!/usr/bin/env bash
# Static analysis of the C++: clang-tidy (.clang-tidy says what it looks for), with what node-gyp's build
# passes to the compiler, and cppcheck. Prints what they find, and fails where that is anything.
set -euo pipefail

bash "$(dirname "${BASH_SOURCE[0]}")/setup.sh" native lint
. "$(dirname "${BASH_SOURCE[0]}")/copy.sh"
processors=$(getconf _NPROCESSORS_ONLN)

npx node-gyp configure --silent -- -f compile_commands_json -Dbuild_tests=1

status=0
find src -name '*.cc' -print0 |
  xargs -0 -P "$processors" -n 1 clang-tidy -p build/Release --quiet 2>/dev/null |
  sed "s#$PWD/##" || status=1

# It reads no headers but ours: those of node-addon-api take it minutes, and are full of findings. Off:
# passedByValue, which clang-tidy judges better (it knows what is moved on), and what it takes from the
# macros of GoogleTest.
cppcheck -j "$processors" --quiet --error-exitcode=1 --std=c++17 -I src --library=googletest \
  --enable=warning,performance,portability --suppress=passedByValue \
  --suppress='mismatchingContainers:test/*' src test/native benchmark/instructions || status=1

((status == 0)) || echo 'test/lint-native.sh: there are findings' >&2
exit "$status"
