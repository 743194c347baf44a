#!/bin/sh
# Frama-C/Eva on the portable C of a network, layer by layer: make eva, or
# scripts/eva.sh MODEL.onnx [LAYER...] with the flags of snug compile in FLAGS.
#
# Each layer's kernel runs on one output pixel, all channels, with every input
# element anywhere in the levels that certificate.json states for its channel. Eva has to find no
# overflow, downcast or access out of bounds, and its interval of every sum has to
# lie in the window that the certificate states, moved by the preload.
#
# The kernel is analysed with one change, made below on a copy: its accumulator,
# unsigned so that it may wrap, becomes signed, so that a wrap is an alarm.
set -eu
: "${GO:=go}" "${FLAGS:=--calib random --calib-limit 16 --effort 0}" "${EVA_SECONDS:=1200}"
model=${1:-testdata/dscnn_kws.onnx}
[ $# -eq 0 ] || shift
command -v frama-c >/dev/null || { echo "eva: frama-c is missing (Debian: frama-c-base)" >&2; exit 1; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# shellcheck disable=SC2086
$GO run ./cmd/snug compile "$model" $FLAGS --target generic-c -o "$dir/net" >/dev/null
cd "$dir/net"
name=$(sed -n '1s/.*"network":"\([^"]*\)".*/\1/p' certificate.json)
sed -i 's/uint32_t acc = \(.*\)(uint32_t)\(.*\) : 0u;/int32_t acc = \1(int32_t)\2 : 0;/; s/acc += (uint32_t)part;/acc += part;/; s/snug_wrap16(acc)/snug_exact16(acc)/; s/acc = 0u;/acc = 0;/
s/^\( *\)\(.*= snug_requantize(&g->q, sum, \(.*\));\)$/\1Frama_C_show_each_sum(\3, sum); \2/' snug_conv.h snug_depthwise.h
sed -i 's/^#include "snug_requant.h"/&\nstatic inline int32_t snug_exact16(int32_t v)\n{\n    return v;\n}/' snug_conv.h
sed -i 's/^#include <stdint.h>/&\nvoid Frama_C_show_each_sum(int32_t c, int32_t sum);/' "$name.h"
status=0
sed -n 's/^,\{0,1\}{"name":"\([^"]*\)","kernel":"\([^"]*\)".*"levels":{"lo":\(-\{0,1\}[0-9]*\),"hi":\(-\{0,1\}[0-9]*\)}.*/\1 \2 \3 \4/p' certificate.json >layers
while read -r layer kernel lo hi; do
	if [ $# -gt 0 ]; then
		case " $* " in *" $layer "*) ;; *) continue ;; esac
	fi
	tops=$(sed -n "s/^,\{0,1\}{\"name\":\"$layer\".*\"tops\":\[\([^]]*\)\].*/\1/p" certificate.json)
	kind=conv last=", NULL"
	fill='for (p = 0, k = 0; p < g.pieces; p++) {
	        for (i = 0; i < g.piece[p].len; i++, k++) {
	            for (c = 0; c < g.groups; c++) {
	                x[g.piece[p].at + i + c * g.x_group] = (int8_t)Frama_C_interval(LO, tops[c * g.x_group + k % g.x_group]);
	            }
	        }
	    }'
	case $kernel in dw_*)
		kind=depthwise last=
		fill='for (p = 0; p < g.taps; p++) {
	        for (c = 0; c < g.c; c++) {
	            x[g.tap[p].at + c] = (int8_t)Frama_C_interval(LO, tops[c]);
	        }
	    }'
		;;
	esac
	[ -n "$tops" ] || fill=
	# The last piece ends the patch; groups and channels of a depthwise layer lie behind.
	size=$(awk -v l="$layer" '
		index($0, "snug_piece layer_" l "_pieces[") { on = 1 }
		on { n = split($0, v, /[{},]+/); for (i = 1; i <= n; i++) if (v[i] ~ /^ *[0-9]+$/) num[++m] = v[i] + 0 }
		on && /};/ { on = 0; for (i = 1; i + 2 <= m; i += 3) if (num[i] + num[i + 1] > top) top = num[i] + num[i + 1]; delete num; m = 0 }
		index($0, "static const snug_" ) && index($0, " layer_" l " = {") { in_layer = 1 }
		in_layer && match($0, /\.groups = [0-9]+, \.x_group = [0-9]+/) { split(substr($0, RSTART, RLENGTH), g, /[^0-9]+/); top += (g[2] - 1) * g[3] }
		in_layer && match($0, /\.c = [0-9]+/) { c = substr($0, RSTART + 5, RLENGTH - 5) }
		in_layer && /};/ { in_layer = 0 }
		END { print top + c }' "$name.c")
	cat >eva.c <<-END
		#include "$name.c"
		#include "__fc_builtin.h"
		static int8_t x[$size];
		static int8_t y[4096];
		enum { LO = $lo };
		static const int8_t tops[] = {${tops:-0}};
		int main(void)
		{
		    snug_$kind g = layer_$layer;
		    int32_t i, p = 0, k = 0, c = 0;
		    (void)p, (void)k, (void)c;
		    g.h = 1;
		    g.w = 1;
		    for (i = 0; i < $size; i++) {
		        x[i] = (int8_t)Frama_C_interval($lo, $hi);
		    }
		    $fill
		    snug_$kernel(&g, x, y$last);
		    return 0;
		}
	END
	timeout "$EVA_SECONDS" frama-c -machdep gcc_x86_64 -c11 -cpp-extra-args=-I. -eva -eva-precision 0 -eva-min-loop-unroll 100000 \
		-warn-signed-downcast -warn-unsigned-overflow eva.c "${name}_weights.c" "$(frama-c -print-share-path)/libc/__fc_builtin.c" >log 2>&1 ||
		{ echo "$layer: eva stopped: $(tail -1 log)"; status=1; continue; }
	alarms=$(grep -c '^\[eva:alarm\]' log || true)
	# Channels of the certificate in order; preloads of the layer from its table.
	awk -v l="$layer" 'index($0, "\"name\":\"" l "\"") { on = 1; next } on { last = /\]\}/; gsub(/[^-0-9,]/, ""); split($0, v, ","); print v[1], v[2] } last { exit }' certificate.json >windows
	awk -v t="${name}_${layer}_preload[" 'index($0, t) { on = 1; next } on && /};/ { exit } on { gsub(/[^-0-9,]/, ""); n = split($0, v, ","); for (i = 1; i < n; i++) print v[i] }' "${name}_weights.c" >preloads
	grep -o 'Frama_C_show_each_sum: {[0-9]*}, .*' log | sed 's/.*: {\([0-9]*\)}, /\1 /; s/[][{}]//g; s/\.\./ /; s/;.*;/ /; s/;/ /' |
		awk -v layer="$layer" -v alarms="$alarms" '
			FILENAME == "windows" { lo[FNR - 1] = $1; hi[FNR - 1] = $2; n = FNR; next }
			FILENAME == "preloads" { lo[FNR - 1] += $1; hi[FNR - 1] += $1; next }
			{ a = $2; b = NF > 2 ? $3 : $2; seen++; if (a == lo[$1] && b == hi[$1]) same++; if (a < lo[$1] || b > hi[$1]) out++ }
			END { printf "%s: %d channels, %d alarms, %d windows the same, %d inside, %d outside\n", layer, n, alarms, same, seen - same - out, out
				exit seen != n || out > 0 || alarms > 0 }' windows preloads - || status=1
done <layers
exit $status
