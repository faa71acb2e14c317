#!/usr/bin/env bash
# What the tests need besides `npm install`: system packages and certificates.
# Installs packages only where some are missing, and only as root or where sudo asks for no password.
# What is wanted but cannot be had is named, and the tests that use it are skipped.
#
# Usage: test/setup.sh [native] [fuzz] [valgrind] [lint] [browser]
#   - also what the native tests, the fuzz targets, all that runs under Valgrind, the linters, or the
#     test in a browser need
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

needed=()
wanted=()
has_program() { PATH=$PATH:/usr/sbin command -v "$1"; }
has_header() { echo "#include <$1>" | "${CXX:-c++}" -E -x c++ - >/dev/null 2>&1; }
has_runtime() { [[ -e $(clang++ -print-file-name="libclang_rt.$1-$(uname -m).a") ]]; }
need() { # need PACKAGE CHECK...
  local package=$1
  shift
  "$@" >/dev/null 2>&1 || needed+=("$package")
}
want() { # want PACKAGE CHECK...: the tests go without it
  local package=$1
  shift
  "$@" >/dev/null 2>&1 || wanted+=("$package")
}

need openssl has_program openssl
need curl has_program curl
need gnutls-bin has_program gnutls-cli
# The servers of test/servers.js.
want postgresql compgen -G '/usr/lib/postgresql/*/bin/postgres'
want mariadb-server-core has_program mariadbd
want redis-server has_program redis-server
want mosquitto has_program mosquitto
for group in "$@"; do
  case $group in
    native)
      need g++ has_program "${CXX:-c++}"
      need libgtest-dev has_header gtest/gtest.h
      need libssl-dev has_header openssl/ssl.h
      need libuv1-dev has_header uv.h
      ;;
    fuzz)
      need clang has_program clang++
      need libclang-rt-dev has_runtime fuzzer
      need libgtest-dev has_header gtest/gtest.h
      need libssl-dev has_header openssl/ssl.h
      ;;
    valgrind) need valgrind has_program valgrind ;;
    lint)
      need clang-format has_program clang-format
      need clang-tidy has_program clang-tidy
      need cppcheck has_program cppcheck
      ;;
    browser) want chromium has_program chromium ;;
    *) echo "test/setup.sh: unknown group '$group' (native, fuzz, valgrind, lint, browser)" >&2 && exit 2 ;;
  esac
done

as_root=()
if [[ $(id -u) != 0 ]]; then as_root=(sudo -n); fi
may_install() { command -v apt-get >/dev/null && "${as_root[@]}" true 2>/dev/null; }

put() { # put FILE MODE: a file of standard input, for as long as this script runs, unless there is one
  if [[ -e $1 ]]; then return; fi
  "${as_root[@]}" install -D -m "$2" /dev/stdin "$1"
  put+=("$1")
}
put=()
trap '((${#put[@]} == 0)) || "${as_root[@]}" rm -f "${put[@]}"' EXIT

# No server that comes with a package runs, neither now nor after the next boot: the tests start their own.
install_packages() { # install_packages PACKAGE...
  echo "Installing $*"
  put /usr/sbin/policy-rc.d 755 <<<$'#!/bin/sh\nexit 101'
  if [[ " $* " == *' postgresql '* ]]; then
    put /etc/postgresql-common/createcluster.d/napi-tls.conf 644 <<<'create_main_cluster = false'
  fi
  local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300)
  local install=("${apt[@]}" install --yes --no-install-recommends "$@")
  # The lists may be absent or out of date.
  "${install[@]}" >/dev/null 2>&1 || { "${apt[@]}" update >/dev/null && "${install[@]}" >/dev/null; } || return
  local package
  for package in "$@"; do
    if [[ -e /etc/init.d/$package ]]; then "${as_root[@]}" update-rc.d "$package" disable; fi
  done
}

if ((${#needed[@]} + ${#wanted[@]} > 0)); then
  if may_install; then
    if ((${#needed[@]} > 0)); then install_packages "${needed[@]}"; fi
    if ((${#wanted[@]} == 0)) || install_packages "${wanted[@]}"; then wanted=(); fi
  elif ((${#needed[@]} > 0)); then
    echo "The tests need these Debian packages (or what they hold): ${needed[*]}" >&2
    echo "Please install them: apt-get install ${needed[*]}" >&2
    exit 1
  fi
fi
if ((${#wanted[@]} > 0)); then
  echo "Tests will be skipped that need these Debian packages: ${wanted[*]}" >&2
  echo "To run them too: apt-get install --no-install-recommends ${wanted[*]}" >&2
fi

bash test/certs.sh
