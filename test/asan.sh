#!/usr/bin/env bash
# Builds the addon with AddressSanitizer in a copy of the tree, and runs tests with Node on top of it.
#
# Usage: test/asan.sh [MOCHA ARGUMENT...]   - default: every test in test/interop and test/unit
#        test/asan.sh --soak [MINUTES [CONNECTIONS_PER_SECOND]]   - test/soak.js; default: 10 minutes, 50 a second
# Memory that is held at exit is no finding (detect_leaks=0): Node itself holds some. test/leaks.js
# looks for what grows.
set -euo pipefail

bash "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
. "$(dirname "${BASH_SOURCE[0]}")/copy.sh"

if [[ ${1:-} == --soak ]]; then
  shift
  (($# > 0)) || set -- 10 50
  run=(--expose-gc test/soak.js "$@")
else
  (($# > 0)) || set -- 'test/interop/*.test.js' 'test/unit/*.test.js'
  run=(node_modules/mocha/bin/mocha.js --no-config --timeout 60000 --reporter test/reporter.js "$@")
fi
npx node-gyp rebuild --silent -j max --sanitize=address

asan=$("${CXX:-c++}" -print-file-name=libasan.so)
[[ $asan == */* ]] || { echo "test/asan.sh: no libasan beside ${CXX:-c++}" >&2 && exit 1; }
reports=$(mktemp -d)
trap 'rm -rf "$copy" "$reports"' EXIT

# Children of the tests report into files too, and what they print stays what the tests expect.
# A thread that is terminated unwinds no stack, which ASan takes for use after return.
status=0
LD_PRELOAD=$asan NAPI_TLS_ASAN=1 \
  ASAN_OPTIONS=detect_leaks=0:detect_stack_use_after_return=0:log_path="$reports/asan" \
  node "${run[@]}" || status=$?

found=$(find "$reports" -type f | wc -l)
find "$reports" -type f -exec cat {} +
echo "AddressSanitizer: $found reports"
((status == 0 && found == 0))
