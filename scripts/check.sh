#!/bin/sh
# All tests: the source, the units under the race detector, then the tests that
# start real appliances, which are slow. Ends with go test's own lines.
set -eu
cd "$(dirname "$0")/.."

# What the tests need is installed by now: a test that would rather be skipped
# fails.
export CI=true

make --no-print-directory build
scripts/lint.sh
go test -race -short -timeout 15m $(go list ./... | grep -v '/test/')
# An appliance keeps one processor busy, so two packages run at a time.
go test -p 2 -count 1 -timeout 25m -run VM ./appliance ./cmd/... ./internal/...
go test -p 2 -count 1 -timeout 25m ./test/...
