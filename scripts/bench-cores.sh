#!/bin/sh
# Prints a network's row for each core of the table of modelled cycles in the
# README: every choice of kernels, emitted for that core, built by one compiler,
# counted under QEMU and modelled by llvm-mca, which has no model of ARMv7. Needs what snug bench needs.
#
# usage: bench-cores.sh NAME MODEL.onnx gcc|clang [FLAGS OF COMPILE...]
set -eu
: "${GO:=go}"
name=$1 model=$2 compiler=$3
shift 3
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
$GO build -o "$tmp/snug" ./cmd/snug
for core in cortex-a53 cortex-a55 cortex-a72 cortex-a7; do
    row="| $name | $core |"
    for form in "--kernels classical32" "--kernels best32" "--kernels direct" "--ring-bits 0" "--ring-bits 2"; do
        # shellcheck disable=SC2086
        "$tmp/snug" compile "$model" "$@" --target "$core" $form -o "$tmp/net" >/dev/null
        cell=$("$tmp/snug" bench "$tmp/net" --cpu "$core" --compiler "$compiler" |
            awk '$1 == "total" { printf "%.1f M, ", $3 / 1e6; if ($8 == "-") printf "-"; else printf "%.1f M", $8 / 1e6 }')
        row="$row $cell |"
        rm -r "$tmp/net"
    done
    echo "$row"
done
