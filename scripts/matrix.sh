#!/bin/sh
# Bit equality of the simulator with C on the host (ASan, UBSan), C on aarch64
# and ARMv7, Go on amd64, arm64 and arm, for networks that are not in the
# repository. The emitted known-answer tests hold the simulator's answers to
# real, random and adversarial inputs; each line is one of them passing.
#
# usage: matrix.sh MODELS DATA [NETWORK...], both folders as README.md says
set -u
models=$1 data=$2
shift 2
[ $# -gt 0 ] || set -- resnet8_cifar10 resnet20_cifar10 dscnn_kws mobilenetv1_0.25_vww96 autoencoder_ad mobilenetv1_0.25_imagenet224 squeezenet1.0_imagenet227 allcnn_c_cifar10
: "${ACCS:=16 16:32 12}" "${CALIB:=16}" "${FLAGS:=--effort 0}"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
go build -o "$tmp/snug" ./cmd/snug || exit 1
warn="-std=c99 -Wall -Wextra -Werror -Wpedantic -Wconversion -Wshadow -Wcast-qual -Wvla"
failed=0

check() { # name, then a command
    name=$1
    shift
    if "$@" >"$tmp/log" 2>&1; then
        echo "PASS $name"
    else
        echo "FAIL $name"
        tail -5 "$tmp/log"
        failed=1
    fi
}

for n; do
    case $n in
    resnet8_cifar10) in="--calib $data/cifar10/train_images.npy" ;;
    resnet20_cifar10) in="--calib $data/cifar10/train_images.npy --scale 1/255 --mean .485,.456,.406 --std .229,.224,.225" ;;
    allcnn_c_cifar10) in="--calib $data/cifar10/train_images.npy --mean 125.3,123.0,113.9 --std 63.0,62.1,66.7" ;;
    dscnn_kws) in="--calib $data/kws/kws01_mfcc_int8.npy --scale .5847029 --mean 48.5303407" ;;
    mobilenetv1_0.25_imagenet224) in="--calib $data/imagenet/calib.csv --resize 227 --crop 224 --scale 1/127.5 --mean 1" ;;
    squeezenet1.0_imagenet227) in="--calib $data/imagenet/calib.csv --resize 227 --crop 227 --order bgr --mean 104,117,123" ;;
    *) in="--calib random" ;;
    esac
    for acc in $ACCS; do
        for t in generic-c cortex-a53 cortex-a7 go; do
            emit="--target $t --emit c" d="$tmp/$n-$t"
            [ $t = go ] && emit="--emit go --module m"
            check "$n $acc compile $t" "$tmp/snug" compile "$models/$n.onnx" $in --calib-limit "$CALIB" --acc "$acc" $FLAGS $emit -o "$d"
            check "$n $acc verify $t" "$tmp/snug" verify "$d"
        done
        c() { echo "$tmp/$n-$1/"*_test.c "$tmp/$n-$1/"*_weights*.c; }
        check "$n $acc C x86 ASan UBSan: build" gcc $warn -O1 -fsanitize=address,undefined -fno-sanitize-recover -o "$tmp/t" $(c generic-c)
        check "$n $acc C x86 ASan UBSan" "$tmp/t"
        check "$n $acc C aarch64 cortex-a53: build" aarch64-linux-gnu-gcc $warn -O2 -mcpu=cortex-a53 -o "$tmp/t" $(c cortex-a53)
        check "$n $acc C aarch64 cortex-a53" qemu-aarch64 -cpu cortex-a53 -L /usr/aarch64-linux-gnu "$tmp/t"
        check "$n $acc C armv7 cortex-a7: build" arm-linux-gnueabihf-gcc $warn -O2 -mcpu=cortex-a7 -mfpu=neon-vfpv4 -mfloat-abi=hard -o "$tmp/t" $(c cortex-a7)
        check "$n $acc C armv7 cortex-a7" qemu-arm -cpu cortex-a7 -L /usr/arm-linux-gnueabihf "$tmp/t"
        check "$n $acc Go amd64" sh -c "cd '$tmp/$n-go' && go vet . && go test -count=1 ."
        check "$n $acc Go arm64" sh -c "cd '$tmp/$n-go' && CGO_ENABLED=0 GOARCH=arm64 go test -count=1 -exec qemu-aarch64 ."
        check "$n $acc Go arm64 purego" sh -c "cd '$tmp/$n-go' && CGO_ENABLED=0 GOARCH=arm64 go test -count=1 -tags purego -exec qemu-aarch64 ."
        check "$n $acc Go arm" sh -c "cd '$tmp/$n-go' && CGO_ENABLED=0 GOARCH=arm go test -count=1 -exec qemu-arm ."
        rm -rf "$tmp/$n-"*
    done
done
exit $failed
