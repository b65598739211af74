#!/bin/sh
# Everything that looks at the source without running it.
set -eu
cd "$(dirname "$0")/.."

staticcheck_version=v0.8.2

unformatted=$(git ls-files --cached --others --exclude-standard '*.go' | xargs gofmt -l)
if [ -n "$unformatted" ]; then
	echo "error: not formatted; run gofmt -w on:" $unformatted >&2
	exit 1
fi
go vet ./...
CGO_ENABLED=1 go vet -tags libvirt_dlopen ./internal/libvirt/...
tools=$(go env GOPATH)/bin
if ! "$tools/staticcheck" -version 2>/dev/null | grep -qF "(${staticcheck_version#v})"; then
	go install "honnef.co/go/tools/cmd/staticcheck@$staticcheck_version"
fi
"$tools/staticcheck" ./...
CGO_ENABLED=1 "$tools/staticcheck" -tags libvirt_dlopen ./internal/libvirt/...
go run ./internal/api/generate -check
