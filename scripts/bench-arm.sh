#!/bin/sh
# Holds the instructions of every layer of the bundled networks, by each
# compiler, against the counts in testdata/bench: a rise over 1 % fails. Counts are
# exact, so that no hardware is needed; a compiler of another version is not
# compared. Needs what snug bench needs, and names it.
#
# usage: bench-arm.sh [-update]
set -eu
: "${GO:=go}"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
$GO build -o "$tmp/snug" ./cmd/snug
failed=0
mkdir -p testdata/bench
while read -r network target cpus calib; do
    emit="--target $target"
    [ "$target" = go ] && emit="--emit go"
    dir=$tmp/$network-$target golden=testdata/bench/$network-$target.json
    "$tmp/snug" compile "testdata/$network.onnx" --calib "$calib" $emit -o "$dir" >/dev/null
    if [ "${1-}" = -update ]; then
        "$tmp/snug" bench "$dir" --cpu "$cpus" --json >"$tmp/json"
        cp "$tmp/json" "$golden"
        echo "wrote $golden"
    elif ! "$tmp/snug" bench "$dir" --cpu "$cpus" --against "$golden"; then
        failed=1
    fi
done <<EOF
resnet8_cifar10 cortex-a53 cortex-a53,cortex-a55 testdata/cifar10_200.npy
resnet8_cifar10 cortex-a55 cortex-a55 testdata/cifar10_200.npy
resnet8_cifar10 cortex-a72 cortex-a72 testdata/cifar10_200.npy
resnet8_cifar10 cortex-a7 cortex-a7 testdata/cifar10_200.npy
resnet8_cifar10 go cortex-a53 testdata/cifar10_200.npy
dscnn_kws cortex-a53 cortex-a53 random
dscnn_kws cortex-a7 cortex-a7 random
EOF
exit $failed
