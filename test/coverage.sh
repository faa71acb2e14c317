#!/usr/bin/env bash
# Which lines the tests run: of lib/, under c8, and of src/, under gcov. The JavaScript tests run on an
# addon with counters, then the native tests on the engine with counters; both count. In a copy of the tree.
# Prints a table, and fails below 90 % of the lines of either. docs/coverage.md says what is not covered.
#
# Usage: test/coverage.sh [MOCHA ARGUMENT...]   - default: the tests of conformance, interop and unit
set -euo pipefail

bash "$(dirname "${BASH_SOURCE[0]}")/setup.sh" native
. "$(dirname "${BASH_SOURCE[0]}")/copy.sh"

((${#} > 0)) || set -- --spec 'test/{conformance,interop,unit}/**/*.test.js'
export CXXFLAGS='--coverage -fprofile-update=atomic -O0' LDFLAGS=--coverage
reports=$copy/reports
mkdir "$reports"

report() { # report NAME: what the counters in build/ say, as JSON
  (cd "$reports" && find ../build -name '*.gcda' -exec gcov --json-format --stdout {} + >"$1.json")
}

npx node-gyp rebuild --silent -j max
# Core plays no part: what it does covers nothing.
CONFORMANCE_PAIRINGS=ours npx c8 --clean --temp-directory "$reports/v8" --reporter text --reporter json-summary \
  --reports-dir "$reports" --include 'lib/**/*.js' --include index.js \
  npx mocha --no-config --timeout 60000 "$@" || echo 'test/coverage.sh: tests have failed' >&2
report addon

rm -rf build
make_native tls_tests ''
build/Release/tls_tests --gtest_brief=1
NAPI_TLS_STEPS=1 build/Release/tls_tests --gtest_brief=1
report native

node test/coverage.js "$reports"
