#!/usr/bin/env bash
# The soak test under Valgrind (memcheck), with the build of the tree: no access to memory that is not
# there or was never written, and none that is lost, in the addon, in OpenSSL or in Node.
#
# Usage: test/valgrind.sh [MINUTES [CONNECTIONS_PER_SECOND]]   - default: 5 minutes, 3 a second
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

bash test/setup.sh valgrind
(($# > 0)) || set -- 5 3
# Code of V8 changes while it runs.
NAPI_TLS_VALGRIND=1 valgrind --smc-check=all-non-file --suppressions=test/valgrind.supp \
  --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite \
  --error-limit=no --num-callers=24 --error-exitcode=9 \
  node --expose-gc test/soak.js "$@"
