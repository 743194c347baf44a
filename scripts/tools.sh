#!/bin/sh
# Installs what the cross-checks need when it may, and says what is missing
# otherwise: those tests then say that they are skipped.
set -u
need=""
command -v gcc >/dev/null || need="$need gcc libc6-dev"
command -v cmake >/dev/null || need="$need cmake make"
command -v cppcheck >/dev/null || need="$need cppcheck"
command -v c++ >/dev/null || need="$need g++"
command -v qemu-aarch64 >/dev/null || need="$need qemu-user"
command -v aarch64-linux-gnu-gcc >/dev/null || need="$need gcc-aarch64-linux-gnu libc6-dev-arm64-cross"
command -v arm-linux-gnueabihf-gcc >/dev/null || need="$need gcc-arm-linux-gnueabihf libc6-dev-armhf-cross"
command -v clang-19 >/dev/null || need="$need clang-19"
command -v llvm-mca-19 >/dev/null || need="$need llvm-19"
test -d /usr/share/libonnx-testdata -o -n "$(ls -d /usr/share/*/onnx* 2>/dev/null)" || need="$need libonnx-testdata"
[ -z "$need" ] && exit 0
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    echo "installing$need"
    apt-get update >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $need >/dev/null && exit 0
fi
echo "some checks will be skipped; to run them install:$need"
exit 0
