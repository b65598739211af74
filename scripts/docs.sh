#!/bin/sh
# Writes man pages and shell completions of the tools: docs.sh FOLDER TOOL...
set -eu
cd "$(dirname "$0")/.."

out=$1
shift
mkdir -p "$out/man1" "$out/bash" "$out/zsh" "$out/fish"
for tool in "$@"; do
	bin/"$tool" --generate=man >"$out/man1/$tool.1"
	bin/"$tool" --generate=bash >"$out/bash/$tool"
	bin/"$tool" --generate=zsh >"$out/zsh/_$tool"
	bin/"$tool" --generate=fish >"$out/fish/$tool.fish"
done
