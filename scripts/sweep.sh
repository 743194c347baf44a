#!/bin/sh
# Accuracy against the bits of the accumulator, in two pages of docs:
#   accuracy  the default settings, and those with more samples, on seven networks
#   paper     the experiment of arXiv 2004.11783: its layer-wise search beside the
#             passes of this compiler, each with its bounds
# Adds rows to docs/PAGE.csv and prints the tables of docs/PAGE.md and docs/PAGE.svg from it. All
# rows take many hours of one core; those that are there are not computed again, so
# stop it and go on as you like. Without folders only page and figure are printed.
#
# usage: sweep.sh accuracy|paper [MODELS DATA [NETWORK...]], both folders as README.md says
# environment: CALIB and LIMIT, how many inputs to calibrate and judge on (512, all);
#   ACCS, the accumulators; WORKERS
set -eu
: "${GO:=go}" "${CALIB:=512}" "${LIMIT:=0}" "${WORKERS:=1}"
page=${1:-} models=${2:-} data=${3:-}
[ $# -lt 3 ] || shift 3
[ -n "$models" ] && [ -n "$data" ] || set --
case $page in
accuracy)
    : "${ACCS:=16,14,12,10,8,16:32,12:32}"
    all="resnet8_cifar10 dscnn_kws resnet20_cifar10 allcnn_c_cifar10 mobilenetv1_0.25_imagenet224 squeezenet1.0_imagenet227 mobilenetv2_1.0_imagenet224"
    methods="--rung window --effort 2
--rung window --effort 3"
    ;;
paper) # those that tell most first: ours, the paper's, then what bounds and efforts are worth
    : "${ACCS:=16,14,12,10,8,32,24,20,18,13,11}"
    all="allcnn_c_cifar10 mobilenetv1_0.25_imagenet224 squeezenet1.0_imagenet227"
    methods="--rung window --effort 2
--rung observed,type --search layerwise --scales pow2
--rung window --effort 0
--rung window --effort 1
--rung clamp --effort 2
--rung l1 --search layerwise --scales pow2
--rung l1,type --effort 2
--rung window,clamp --effort 3"
    ;;
*)
    echo "usage: sweep.sh accuracy|paper [MODELS DATA [NETWORK...]]" >&2
    exit 2
    ;;
esac
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
$GO build -o "$tmp/snug" ./cmd/snug

# inputs prints the flags of a network's data; it fails when a file is missing.
inputs() {
    cifar="$data/cifar10/train_images.npy $data/cifar10/test_images.npy $data/cifar10/test_labels.npy"
    imagenet="$data/imagenet/calib.csv $data/imagenet/val.csv"
    kws="$data/kws/kws01_mfcc_int8.npy $data/kws/kws01_mfcc_int8.npy $data/kws/kws01_labels.npy"
    case $1 in
    resnet8_cifar10) files=$cifar in= ;;
    resnet20_cifar10) files=$cifar in="--scale 1/255 --mean .485,.456,.406 --std .229,.224,.225" ;;
    allcnn_c_cifar10) files=$cifar in="--mean 125.3,123.0,113.9 --std 63.0,62.1,66.7" ;;
    dscnn_kws) files=$kws in="--scale .5847029 --mean 48.5303407" ;;
    mobilenetv1_0.25_imagenet224) files=$imagenet in="--resize 227 --crop 224 --scale 1/127.5 --mean 1" ;;
    mobilenetv2_1.0_imagenet224) files=$imagenet in="--resize 227 --crop 224 --scale 1/127.5 --mean 1 --class-offset 1" ;;
    squeezenet1.0_imagenet227) files=$imagenet in="--resize 227 --crop 227 --order bgr --mean 104,117,123" ;;
    *)
        echo "sweep: $1: skipped: its preprocessing is not in this script" >&2
        return 1
        ;;
    esac
    for f in "$models/$1.onnx" $files; do
        if [ ! -f "$f" ]; then
            echo "sweep: $1: skipped: no $f" >&2
            return 1
        fi
    done
    # shellcheck disable=SC2086
    set -- $files
    echo "$in --calib $1 --data $2 ${3:+--labels $3}"
}

there=
if [ -z "$models" ] || [ -z "$data" ]; then
    echo "sweep: no folders of networks and data: nothing is measured; make $page MODELS=DIR DATA=DIR" >&2
else
    # shellcheck disable=SC2086
    [ $# -gt 0 ] || set -- $all
    for n; do
        if inputs "$n" >/dev/null; then there="$there $n"; fi
    done
fi
echo "$methods" | while read -r method; do
    for n in $there; do
        # shellcheck disable=SC2046,SC2086
        "$tmp/snug" explore "$models/$n.onnx" $(inputs "$n") --calib-limit "$CALIB" --limit "$LIMIT" --workers "$WORKERS" \
            --acc "$ACCS" --ring-bits 0 --csv "docs/$page.csv" $method >/dev/null </dev/null
    done
done
if [ ! -f "docs/$page.csv" ]; then
    echo "sweep: docs/$page.csv: no row yet" >&2
    exit 1
fi
# What stands above the mark is written by hand.
sed '/^<!-- rows -->$/q' "docs/$page.md" >"$tmp/page"
"$tmp/snug" explore "docs/$page.csv" --svg "docs/$page.svg" --markdown >>"$tmp/page"
cp "$tmp/page" "docs/$page.md"
echo "docs/$page.md and docs/$page.svg are those of docs/$page.csv"
