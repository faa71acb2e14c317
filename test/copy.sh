# Sourced: makes a copy of the tree to build in, with the dependencies that are installed here, and goes
# there; removed at exit. The build of the tree itself stays as it is.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT

tar -C "$root" --exclude=./.git --exclude=./.nodes --exclude=./build --exclude=./node_modules -cf - . |
  tar -C "$copy" -xf -
ln -s "$root/node_modules" "$copy/node_modules"
cd "$copy"

# make_native TARGET SANITIZERS: builds one of the native executables of binding.gyp in the copy.
make_native() {
  npx node-gyp configure --silent -- -Dbuild_tests=1 -Dsanitize="$2"
  make --silent -j"$(getconf _NPROCESSORS_ONLN)" -C build BUILDTYPE=Release "$1"
}
