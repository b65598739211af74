#!/bin/sh
# install.sh install|uninstall DESTDIR PREFIX DOCS TOOL...
set -eu
cd "$(dirname "$0")/.."

action=$1 root=$2$3 docs=$4
shift 4

# put MODE SOURCE TARGET, or remove TARGET
put() {
	if [ "$action" = install ]; then
		install -D -m "$1" "$2" "$3"
	else
		rm -f "$3"
	fi
}

# The tools look for it beside themselves and here.
if [ "$action" = uninstall ] || [ -e bin/virt-tools-libvirt ]; then
	put 755 bin/virt-tools-libvirt "$root/libexec/virt-tools/virt-tools-libvirt"
fi
for tool in "$@"; do
	put 755 "bin/$tool" "$root/bin/$tool"
	put 644 "$docs/man1/$tool.1" "$root/share/man/man1/$tool.1"
	put 644 "$docs/bash/$tool" "$root/share/bash-completion/completions/$tool"
	put 644 "$docs/zsh/_$tool" "$root/share/zsh/site-functions/_$tool"
	put 644 "$docs/fish/$tool.fish" "$root/share/fish/vendor_completions.d/$tool.fish"
done
