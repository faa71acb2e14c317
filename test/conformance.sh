#!/usr/bin/env bash
# Runs the conformance suite on several releases of Node, and writes its table: docs/conformance.md.
# Fails where a case fails, and where a name of the specification has no case.
#
# Usage: test/conformance.sh [MAJOR...]   - default: those of test/matrix.sh
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
CASES=$(mktemp -d)
export CASES
trap 'rm -rf "$CASES"' EXIT

mapfile -t files < <(node -p 'require("./test/conformance/table").files.join("\n")')
bash test/matrix.sh "$@" -- --no-config --timeout 10000 "${files[@]}"
status=$?
mkdir -p docs
node test/conformance/table.js "$CASES" >docs/conformance.md || status=1
exit $status
