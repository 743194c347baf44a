#!/bin/sh
# What each step of the bit-width pass is worth: accuracy with the default effort, without each of
# its steps, and with other efforts and bounds, on three draws of the calibration
# inputs. Adds rows to docs/ablation.csv, those that are there are not computed again,
# and prints the tables of docs/ablation.md from it. Without folders only these are printed.
#
# usage: ablation.sh [MODELS DATA], both folders as README.md says
# environment: CALIB, inputs of a draw (512); ACCS; WORKERS
set -eu
: "${GO:=go}" "${CALIB:=512}" "${ACCS:=12 10}" "${WORKERS:=2}"
models=${1:-} data=${2:-}
csv=docs/ablation.csv
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
[ -f "$csv" ] || echo "network,acc,variant,skipped,calibrated,images,drop,drop_se,agreement" >"$csv"

variants="--effort 2
--effort 2 --without settle
--effort 2 --without feedback
--effort 2 --without descent
--effort 2 --without asymmetric
--effort 2 --without scales
--effort 2 --without steps
--effort 2 --without fork
--effort 2 --without compensate
--effort 2 --without correct
--effort 2 --rung clamp
--effort 0
--effort 1
--effort 3 --without answers
--effort 3"

field() { sed "s/.*\"$1\":\(-\{0,1\}[0-9.e-]*\).*/\1/" "$tmp/json"; }

if [ -n "$models" ] && [ -n "$data" ]; then
	$GO build -o "$tmp/snug" ./cmd/snug
	for acc in $ACCS; do
		for skip in 0 "$CALIB" $((2 * CALIB)); do
			for net in resnet8_cifar10 resnet20_cifar10; do
				in=
				[ $net = resnet8_cifar10 ] || in="--scale 1/255 --mean .485,.456,.406 --std .229,.224,.225"
				echo "$variants" | while read -r variant; do
					key="$net,$acc,$variant,$skip,$CALIB"
					! grep -q "^$key," "$csv" || continue
					# shellcheck disable=SC2086
					"$tmp/snug" eval "$models/$net.onnx" $in --calib "$data/cifar10/train_images.npy" --calib-limit "$CALIB" --calib-skip "$skip" \
						--data "$data/cifar10/test_images.npy" --labels "$data/cifar10/test_labels.npy" --workers "$WORKERS" \
						--acc "$acc" $variant --json >"$tmp/json" </dev/null
					echo "$key,$(field images),$(field drop),$(field drop_se),$(field agreement)" >>"$csv"
				done
			done
		done
	done
else
	echo "ablation: no folders of networks and data: nothing is measured; make ablation MODELS=DIR DATA=DIR" >&2
fi

# What stands above the mark is written by hand.
sed '/^<!-- rows -->$/q' docs/ablation.md >"$tmp/page"
awk -F, '
	NR == 1 { next }
	{
		table = $1 ", " $2 " bits"
		if (!(table in seen)) { seen[table] = 1; tables[++t] = table }
		if (!($3 in known)) { known[$3] = 1; rows[++r] = $3 }
		n[table, $3]++; drop[table, $3] += $7; agree[table, $3] += 100 * $9
		one[table, $3, $4] = $7; same[table, $3, $4] = 100 * $9
		if (!(($4) in draw)) { draw[$4] = 1; draws[++d] = $4 }
		images[table] = $6; calib[table] = $5
	}
	# The mean of the differences to the default on the same draws, and its standard error.
	function worth(v, table, row,   i, k, x, sum, sq) {
		for (i = 1; i <= d; i++) {
			if ((table, row, draws[i]) in v && (table, rows[1], draws[i]) in v) {
				x = v[table, row, draws[i]] - v[table, rows[1], draws[i]]
				sum += x; sq += x * x; k++
			}
		}
		if (k < 2) return "| "
		return sprintf("| %+.2f (%.2f) ", sum / k, sqrt((sq - sum * sum / k > 0 ? sq - sum * sum / k : 0) / (k - 1) / k))
	}
	END {
		for (i = 1; i <= t; i++) {
			table = tables[i]
			printf "\n%s, %d inputs judged, %d for calibration:\n\n", table, images[table], calib[table]
			print "| | draws | drop | against the first row | agreement, % | against the first row |"
			print "| --- | ---: | ---: | ---: | ---: | ---: |"
			for (j = 1; j <= r; j++) {
				row = rows[j]
				if (!n[table, row]) continue
				printf "| `%s` | %d | %.2f ", row, n[table, row], drop[table, row] / n[table, row]
				printf "%s", (j > 1 ? worth(one, table, row) : "| ")
				printf "| %.2f ", agree[table, row] / n[table, row]
				print (j > 1 ? worth(same, table, row) : "| ") "|"
			}
		}
	}' "$csv" >>"$tmp/page"
cp "$tmp/page" docs/ablation.md
echo "docs/ablation.md is that of $csv"
