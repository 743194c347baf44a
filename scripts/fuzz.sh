#!/bin/sh
# Searches for hours: every fuzz target in turn, faulty kernels, then random networks
# through every execution. What is found is kept: an input in the package's
# testdata/fuzz, a network in cmd/snug/testdata/found.
#
# usage: fuzz.sh [MINUTES for each target [NETWORKS [SEED]]]
set -u
minutes=${1:-10} networks=${2:-3000} seed=${3:-1000000}
failed=0
for file in $(grep -rl '^func Fuzz' --include='*_test.go' .); do
    for target in $(sed -n 's/^func \(Fuzz[A-Za-z0-9]*\)(.*/\1/p' "$file"); do
        echo "== $target of $(dirname "$file")"
        go test "$(dirname "$file")" -run '^$' -fuzz "^$target\$" -fuzztime "${minutes}m" -parallel 1 -fuzzminimizetime 50x || failed=1
    done
done
echo "== faulty kernels, which the known-answer test has to notice"
go test ./codegen -run '^TestKernelMutants$' -v -timeout 0 -mutants 200 -mutantseed "$seed" || failed=1
echo "== random networks"
go test ./cmd/snug -run '^TestRandomNetworks$' -v -timeout 0 -nets "$networks" -netseed "$seed" -netdir testdata/found || failed=1
exit $failed
