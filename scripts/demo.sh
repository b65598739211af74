#!/bin/sh
# Makes a real Debian guest, once, and runs the tools on it.
set -eu
cd "$(dirname "$0")/.."

guest=$(go run ./test/guests/demo)
show() {
	echo
	echo "\$ $*"
	"$@"
}
PATH=$PWD/bin:$PATH
show virt-df -a "$guest"
show virt-df -h -a "$guest"
show virt-df --csv -a "$guest"
show virt-df -i -a "$guest"
show virt-df --yaml -a "$guest"
show virt-inspector --no-applications --facts -a "$guest"
