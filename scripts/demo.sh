#!/bin/sh
# Compiles the bundled ResNet-8 to C and to Go, proves both folders again, runs
# both self-tests and judges float and integers on the bundled images. Needs Go
# and a C compiler.
set -eu
: "${GO:=go}" "${CC:=cc}"
out=${DEMO_OUT:-demo-out}
data="--calib testdata/cifar10_200.npy --calib-limit 100"
mkdir -p "$out"
$GO build -o "$out/snug" ./cmd/snug

echo "== compile to C for Cortex-A53, prove, test on this machine"
"$out/snug" compile testdata/resnet8_cifar10.onnx $data --acc 16 --target cortex-a53 --emit c -o "$out/c"
"$out/snug" verify "$out/c"
mkdir -p "$out/build"
$CC -std=c99 -O2 -I "$out/c" -o "$out/build/test" "$out/c/resnet8_cifar10_test.c" "$out/c/resnet8_cifar10_weights.c"
"$out/build/test"

echo "== compile to Go, prove, test"
"$out/snug" compile testdata/resnet8_cifar10.onnx $data --acc 16 --emit go --module resnet8 -o "$out/go" >/dev/null
"$out/snug" verify "$out/go"
(cd "$out/go" && $GO vet . && $GO test -count=1 .)

echo "== accuracy: calibrated on 100 of the 200 images, judged on all"
"$out/snug" eval testdata/resnet8_cifar10.onnx $data --acc 16 --data testdata/cifar10_200.npy --labels testdata/cifar10_200_labels.npy
