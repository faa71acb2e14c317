#!/usr/bin/env bash
# Builds the fuzz targets with clang, under AddressSanitizer and UBSan, in a copy of the tree, and
# runs them from seeds that are made here: as many at a time as there are processors.
#
# Usage: test/fuzz/run.sh [TARGET|all [SECONDS]]   for 60 seconds each
#        test/fuzz/run.sh TARGET FILE              runs one input, such as the reproducer of a finding
#   FUZZ_CORPUS=DIRECTORY keeps what has been found to lead somewhere new, and begins with it
#
# A finding fails the run; its reproducer is saved in build/fuzz.
set -euo pipefail

chosen=${1:-all}
seconds=${2:-60}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
corpora=${FUZZ_CORPUS:+$(mkdir -p "$FUZZ_CORPUS" && cd "$FUZZ_CORPUS" && pwd)}
if [[ -f $seconds ]]; then file=$(realpath "$seconds"); else file=; fi

bash "$here/../setup.sh" fuzz
. "$here/../copy.sh"
CC=clang CXX=clang++ make_native fuzz fuzzer-no-link,address,undefined

export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:strict_string_checks=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-halt_on_error=1:print_stacktrace=1}
program=$PWD/build/Release/fuzz
findings=$root/build/fuzz
corpora=${corpora:-$PWD/corpora}
logs=$PWD/logs
mkdir -p "$findings" "$logs"

if [[ -n $file ]]; then
  FUZZ_TARGET=$chosen "$program" "$file"
  exit
fi

mapfile -t targets < <("$program")
if [[ $chosen != all ]]; then
  if [[ " ${targets[*]} " != *" $chosen "* ]]; then
    echo "test/fuzz/run.sh: no target '$chosen' (${targets[*]})" >&2
    exit 2
  fi
  targets=("$chosen")
fi

fuzz() { # fuzz TARGET: for so many seconds, with the output of libFuzzer in a log
  local target=$1 corpus=$corpora/$1
  mkdir -p "$corpus" "$corpus.seeds"
  FUZZ_TARGET=$target FUZZ_SEEDS=$corpus.seeds "$program" >"$logs/$target" 2>&1
  # The files of the other tests are seeds too.
  case $target in
    pem) cp "$root"/test/certs/*.pem "$corpus.seeds" ;;
    pfx) cp "$root"/test/certs/*.pfx "$corpus.seeds" ;;
  esac
  FUZZ_TARGET=$target "$program" -max_total_time="$seconds" -max_len=16384 -timeout=20 -rss_limit_mb=1500 \
    -print_final_stats=1 -artifact_prefix="$findings/$target-" "$corpus" "$corpus.seeds" \
    >>"$logs/$target" 2>&1
}

report() { # report TARGET STATUS: one line of the table
  awk -v target="$1" -v outcome="$([[ $2 == 0 ]] && echo held || echo FINDING)" '
    match($0, /INFO: Loaded [0-9]+ PC tables? \([0-9]+ PCs\)/) {
      edges = $0; sub(/.*\(/, "", edges); sub(/ PCs.*/, "", edges)
    }
    match($0, / cov: [0-9]+/) { covered = substr($0, RSTART + 6, RLENGTH - 6) }
    match($0, / corp: [0-9]+/) { inputs = substr($0, RSTART + 7, RLENGTH - 7) }
    /number_of_executed_units/ { executions = $2 }
    /average_exec_per_sec/ { rate = $2 }
    END {
      printf "%-12s %10d executions %7d/s %6d of %d edges %6d inputs  %s\n",
        target, executions, rate, covered, edges, inputs, outcome
    }' "$logs/$1"
}

failed=0
run_some() { # run_some TARGET...: at the same time
  local target started=()
  for target in "$@"; do
    fuzz "$target" &
    started+=("$!")
  done
  local i status
  for i in "${!started[@]}"; do
    status=0
    wait "${started[i]}" || status=$?
    target=${@:i+1:1}
    report "$target" "$status"
    if ((status != 0)); then
      failed=$((failed + 1))
      tail -n 60 "$logs/$target"
    fi
  done
}

at_once=$(getconf _NPROCESSORS_ONLN)
for ((i = 0; i < ${#targets[@]}; i += at_once)); do run_some "${targets[@]:i:at_once}"; done

if [[ -n ${TEST_COUNTS:-} ]]; then echo "$((${#targets[@]} - failed)) $failed 0" >>"$TEST_COUNTS"; fi
((failed == 0)) || { echo "Reproducers are in $findings" && exit 1; }
