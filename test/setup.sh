#!/usr/bin/env bash
# What the tests need besides `npm install`: system packages and certificates.
# Installs packages only where some are missing, and only as root or where sudo asks for no password.
#
# Usage: test/setup.sh [native] [instructions] [lint]
#   - also what the native tests, the count of instructions, or the linters need
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

missing=()
has_header() { echo "#include <$1>" | "${CXX:-c++}" -E -x c++ - >/dev/null 2>&1; }
need() { # need PACKAGE CHECK...
  local package=$1
  shift
  "$@" >/dev/null 2>&1 || missing+=("$package")
}

need openssl command -v openssl
need curl command -v curl
for group in "$@"; do
  case $group in
    native)
      need g++ command -v "${CXX:-c++}"
      need libgtest-dev has_header gtest/gtest.h
      need libssl-dev has_header openssl/ssl.h
      ;;
    instructions) need valgrind command -v valgrind ;;
    lint) need clang-format command -v clang-format ;;
    *) echo "test/setup.sh: unknown group '$group' (native, instructions, lint)" >&2 && exit 2 ;;
  esac
done

if ((${#missing[@]} > 0)); then
  as_root=()
  if [[ $(id -u) != 0 ]]; then as_root=(sudo -n); fi
  if ! command -v apt-get >/dev/null || ! "${as_root[@]}" true 2>/dev/null; then
    echo "The tests need these Debian packages (or what they hold): ${missing[*]}" >&2
    echo "Please install them: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  echo "Installing ${missing[*]}"
  install=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive
    apt-get install --yes --no-install-recommends "${missing[@]}")
  # The lists may be absent or out of date.
  "${install[@]}" >/dev/null 2>&1 || { "${as_root[@]}" apt-get update && "${install[@]}"; }
fi

bash test/certs.sh
