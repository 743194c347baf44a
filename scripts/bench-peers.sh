#!/bin/sh
# Counts the instructions of int8 layers by XNNPACK, as Debian packages it for
# arm64, with the plugin of snug bench: single ones, and every convolution and fully
# connected layer of whole networks (bench-peers.txt), with their sum. What lies
# between them in a network, such as additions and pooling, is not in it. The packages are loaded into a
# temporary folder with a package list of its own: nothing is installed.
#
# usage: bench-peers.sh [CORE...]
set -eu
[ $# -gt 0 ] || set -- cortex-a53 cortex-a72 cortex-a76
missing=""
for t in apt-get:apt dpkg-deb:dpkg cc:gcc aarch64-linux-gnu-gcc:"gcc-aarch64-linux-gnu libc6-dev-arm64-cross" qemu-aarch64:qemu-user; do
    command -v "${t%%:*}" >/dev/null || missing="$missing ${t#*:}"
done
[ -z "$missing" ] || { echo "bench-peers: install Debian's$missing" >&2; exit 1; }
here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

mkdir -p "$tmp/state/lists/partial" "$tmp/cache/archives/partial"
: >"$tmp/status"
cat >"$tmp/apt.conf" <<EOF
APT::Architecture "arm64";
APT::Architectures { "arm64"; };
APT::Sandbox::User "";
Dir::State "$tmp/state";
Dir::State::status "$tmp/status";
Dir::Cache "$tmp/cache";
EOF
export APT_CONFIG="$tmp/apt.conf"
apt-get -qq update
(cd "$tmp" && apt-get -qq download libxnnpack0 libxnnpack-dev libcpuinfo0 libpthreadpool0 libpthreadpool-dev)
for d in "$tmp"/*.deb; do
    dpkg-deb -x "$d" "$tmp/root"
done
lib=$tmp/root/usr/lib/aarch64-linux-gnu

cc -std=gnu11 -O2 -fPIC -shared -fvisibility=hidden -pthread -o "$tmp/count.so" "$here/../codegen/measure/guest/count.c"
aarch64-linux-gnu-gcc -std=gnu99 -O2 -Wall -Wextra -I "$tmp/root/usr/include" -o "$tmp/peers" "$here/bench-peers.c" \
    -L "$lib" -Wl,-rpath-link,"$lib" -lXNNPACK -lm
echo "XNNPACK $(dpkg-deb -f "$tmp"/libxnnpack0_*.deb Version), int8, one scale a channel (qc8); $(qemu-aarch64 --version | head -n 1)"
for cpu; do
    qemu-aarch64 -cpu "$cpu" -L /usr/aarch64-linux-gnu -E LD_LIBRARY_PATH="$lib" -plugin "$tmp/count.so,out=$tmp/counts" \
        "$tmp/peers" <"$here/bench-peers.txt" >"$tmp/layers"
    awk -v cpu="$cpu" '
        function line(name, macs, n) {
            printf "%-12s %-46s %10d MACs %10d instructions %6.2f MACs/instruction\n", cpu, name, macs, n, macs / n
        }
        function totals() {
            if (network != "single") {
                if (dw) line(network " depthwise", dwmacs, dw)
                line(network " total", macs, sum)
            }
            sum = macs = dw = dwmacs = 0
        }
        FILENAME == ARGV[1] { if ($1 == "insn") n[$2] += $5; next }
        $6 != 0 { print "bench-peers: " $2 ": " $6 " outputs are wrong" >"/dev/stderr"; failed = 1 }
        network != "" && $1 != network { totals() }
        {
            network = $1
            sum += $3 * n[FNR]; macs += $3 * $5
            if ($4) { dw += $3 * n[FNR]; dwmacs += $3 * $5 }
            line(network == "single" ? $2 : network " " $2 ($3 > 1 ? " (" $3 " times)" : ""), $5, n[FNR])
        }
        END { totals(); exit failed }' "$tmp/counts" "$tmp/layers"
done
