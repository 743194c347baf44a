#!/bin/sh
# The experiment of arXiv 2004.11783 on networks of its kind: accuracy against the
# bits of the accumulator, for the paper's layer-wise search and for the passes of
# this compiler, each with its bounds. Adds rows to docs/paper.csv and prints
# docs/paper.md and docs/paper.svg from it. All of it takes hours on one core: rows
# that are there are not computed again, so stop it and go on as you like. Without
# arguments only the page and the figure are printed again.
#
# usage: paper.sh [MODELS DATA [NETWORK...]], both folders as README.md says
# environment: CALIB and LIMIT, how many inputs to calibrate and judge on (512, all);
#   ACCS, the accumulators; WORKERS
set -eu
: "${GO:=go}" "${CALIB:=512}" "${LIMIT:=0}" "${WORKERS:=1}" "${ACCS:=16,14,12,10,8,32,24,20,18,13,11}"
models=${1:-} data=${2:-}
[ $# -lt 2 ] || shift 2
[ $# -gt 0 ] || set -- allcnn_c_cifar10 mobilenetv1_0.25_imagenet224 squeezenet1.0_imagenet227
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
$GO build -o "$tmp/snug" ./cmd/snug

# inputs prints the flags of a network's data; it fails when a file is missing.
inputs() {
    cifar="$data/cifar10/train_images.npy $data/cifar10/test_images.npy $data/cifar10/test_labels.npy"
    imagenet="$data/imagenet/calib.csv $data/imagenet/val.csv"
    case $1 in
    allcnn_c_cifar10) files=$cifar in="--mean 125.3,123.0,113.9 --std 63.0,62.1,66.7" ;;
    mobilenetv1_0.25_imagenet224) files=$imagenet in="--resize 227 --crop 224 --scale 1/127.5 --mean 1" ;;
    squeezenet1.0_imagenet227) files=$imagenet in="--resize 227 --crop 227 --order bgr --mean 104,117,123" ;;
    *)
        echo "paper: $1: skipped: its preprocessing is not in this script" >&2
        return 1
        ;;
    esac
    for f in "$models/$1.onnx" $files; do
        if [ ! -f "$f" ]; then
            echo "paper: $1: skipped: no $f" >&2
            return 1
        fi
    done
    # shellcheck disable=SC2086
    set -- $files
    echo "$in --calib $1 --data $2 ${3:+--labels $3}"
}

there=
if [ -z "$models" ] || [ -z "$data" ]; then
    echo "paper: no folders of networks and data: nothing is measured; make paper MODELS=DIR DATA=DIR" >&2
else
    for n; do
        if inputs "$n" >/dev/null; then there="$there $n"; fi
    done
fi
# The methods, those that tell most first: ours, then the paper's, then what
# bounds and efforts are worth.
while read -r method; do
    for n in $there; do
        # shellcheck disable=SC2046,SC2086
        "$tmp/snug" explore "$models/$n.onnx" $(inputs "$n") --calib-limit "$CALIB" --limit "$LIMIT" --workers "$WORKERS" \
            --acc "$ACCS" --ring-bits 0 --csv docs/paper.csv $method >/dev/null
    done
done <<EOF
--rung window --effort 2
--rung observed,type --search layerwise --scales pow2
--rung window --effort 0
--rung window --effort 1
--rung l1 --search layerwise --scales pow2
--rung l1,type --effort 2
EOF

if [ ! -f docs/paper.csv ]; then
    echo "paper: docs/paper.csv: no row yet" >&2
    exit 1
fi
cat >docs/paper.md <<'EOF'
# Accuracy against the bits of the accumulator

Printed by `make paper` from [paper.csv](paper.csv); do not edit. The experiment of arXiv 2004.11783:
how much accuracy a network keeps when its sums have P bits, after training and without fine-tuning.

- `layerwise` is the paper's search: layer by layer, a fixed point format for data and one for weights,
  scales that are powers of two, chosen by the answers on the calibration inputs. Its bounds: `type`, from the
  types of the operands; `l1`, from the sum of the weights' magnitudes; `observed`, from the range of the sums on
  the calibration inputs, which proves nothing: paper.csv counts the sums that left the accumulator when it was
  judged. They wrap only when they leave the 16 or 32 bits that kernels sum in: below 16 bits the drop of
  `observed` is kinder than a register of P bits would be.
- The others are this compiler's passes, by bound and `--effort`. All but `observed` are proven for every input.

A cell has the drop in points against the real network on the same inputs and, in brackets, its paired standard
error. It is about the choice of the inputs judged, not of those for calibration. What is left empty was not
run. The ImageNet subset is easier than the whole validation set: only drops mean something.

![Drop over the accumulator and over predicted instructions](paper.svg)
EOF
"$tmp/snug" explore docs/paper.csv --svg docs/paper.svg --markdown >>docs/paper.md
echo "docs/paper.md and docs/paper.svg are those of docs/paper.csv"
