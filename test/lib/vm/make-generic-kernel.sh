#!/bin/sh
# Debian 12's kernel for any hardware, which has 9p, and what guests load of it.
#   make-generic-kernel.sh DIRECTORY    kernel.tar.gz: boot/ and usr/lib/modules/
# The caller holds the lock; what is there already was made while it waited.
set -eu
DIRECTORY=${1:?}
[ ! -d "$DIRECTORY" ] || exit 0
NEW=$DIRECTORY.new
rm -rf --one-file-system "${NEW:?}"
mkdir "$NEW"
mmdebstrap --mode=root --variant=extract --format=directory --quiet \
    --aptopt='Acquire::Languages "none"' --aptopt='Acquire::Retries "3"' \
    --include=linux-image-amd64 bookworm "$NEW/tree"
version=$(basename "$NEW"/tree/lib/modules/*)
depmod --basedir "$NEW/tree" "$version"
cd "$NEW/tree"
mkdir -p ../root/boot ../root/usr/lib/modules
cp "boot/vmlinuz-$version" "boot/config-$version" ../root/boot/
modprobe --dirname "$PWD" --set-version "$version" --show-depends --all \
    crc32c_generic autofs4 virtio_pci virtio_blk virtio_console vmw_vsock_virtio_transport erofs overlay virtio_net virtiofs 9p 9pnet_virtio |
    sed -n "s,^insmod .*/\(lib/modules/\S*\).*,\1,p" | sort -u >../modules
tar c -T ../modules "lib/modules/$version"/modules.* | tar x -C ../root/usr
tar cz -C ../root -f ../kernel.tar.gz boot usr
cd ..
rm -rf --one-file-system tree root modules
mv "$NEW" "$DIRECTORY"
