#!/usr/bin/env bash
# Builds the engine's own tests (test/native) against the system's OpenSSL, with sanitizers, in a copy of
# the tree, and runs them.
#
# Usage: test/native.sh [SANITIZERS [ARGUMENT...]]
#   SANITIZERS: address,undefined (default) | thread | '' for none
#   ARGUMENTs go to GoogleTest: --gtest_filter=Engine.*
set -euo pipefail

sanitize=${1-address,undefined}
shift || true

bash "$(dirname "${BASH_SOURCE[0]}")/setup.sh" native
. "$(dirname "${BASH_SOURCE[0]}")/copy.sh"

make_native tls_tests "$sanitize"

export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:strict_string_checks=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-halt_on_error=1:print_stacktrace=1}
export TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=1}

run() { # run [ARGUMENT...]: adds what came of the tests to TEST_COUNTS
  local status=0
  rm -f results.json
  build/Release/tls_tests --gtest_output=json:results.json "$@" || status=$?
  if [[ -n ${TEST_COUNTS:-} && -e results.json ]]; then
    node -p '
      const { tests, failures, disabled, testsuites } = require("./results.json");
      const skipped = testsuites
        .flatMap(({ testsuite }) => testsuite)
        .filter(({ result }) => result === "SKIPPED").length;
      `${tests - failures - disabled - skipped} ${failures} ${disabled + skipped}`
    ' >>"$TEST_COUNTS"
  fi
  return "$status"
}

# For the thread sanitizer, every server shakes hands on other threads.
if [[ $sanitize == *thread* ]]; then export NAPI_TLS_STEPS=1; fi
run "$@"
