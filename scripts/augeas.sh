#!/bin/sh
# Builds the program by which the daemon edits configuration files and packs it
# with the lenses, for the programs to embed:
#
#     scripts/augeas.sh appliance/embedded/augeas.tar.zst
#
# Without a C compiler or libaugeas the programs are built without it: their
# appliance has no feature "augeas". In CI that is an error.
set -eu

out=$1
build=bin/augeas
lenses=/usr/share/augeas/lenses/dist

fail() {
	if [ -n "${CI:-}" ]; then
		echo "error: augeas: $1; install gcc, libc6-dev and libaugeas-dev" >&2
		exit 1
	fi
	echo "note: built without augeas: $1; install gcc, libc6-dev and libaugeas-dev" >&2
	rm -f "$out"
	exit 0
}

command -v "${CC:-cc}" >/dev/null 2>&1 || fail "there is no C compiler"
[ -e /usr/include/augeas.h ] || fail "there is no libaugeas"
[ -d "$lenses" ] || fail "there are no lenses"

rm -rf "$build"
mkdir -p "$build/usr/sbin" "$build/usr/share/augeas/lenses"
# augeas.h wants the header of libxml2, of which nothing is linked.
"${CC:-cc}" -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -Os -static -I/usr/include/libxml2 \
	-ffunction-sections -fdata-sections -Wl,--gc-sections -s \
	-o "$build/usr/sbin/guestaug" daemon/guestaug/guestaug.c -laugeas -lfa || fail "it cannot be compiled"
cp "$lenses"/*.aug "$build/usr/share/augeas/lenses/"
chmod -R u=rwX,go=rX "$build"
# The same input makes the same archive, so that no appliance is built anew.
tar --sort=name --format=ustar --owner=0 --group=0 --numeric-owner --mtime=@0 -C "$build" -cf "$build.tar" usr
${GO:-go} run ./appliance/pack "$build.tar" "$out"
touch "$out"
