#!/bin/sh
# Makes the cached parts of virtual machines. The caller holds the lock; what is there already was made while it waited.
#   make-vm.sh kernel DIRECTORY                 Debian 12's kernel for clouds: layer/ (itself and its modules), vmlinuz, initrd
#   make-vm.sh disk   DIRECTORY KERNEL LOWERS   disk.ext4 of the overlay of LOWERS (":" between them), and the key of its root
set -eu
DIRECTORY=${2:?}
[ ! -d "$DIRECTORY" ] || exit 0
NEW=$DIRECTORY.new
HERE=$(cd "$(dirname "$0")" && pwd)
rm -rf --one-file-system "${NEW:?}"

# Debian 13's own kernel does not run under Debian 12's qemu without hardware support: so one kernel for all suites.
make_kernel() {
    mkdir "$NEW"
    mmdebstrap --mode=root --variant=extract --format=directory --quiet \
        --aptopt='Acquire::Languages "none"' --aptopt='Acquire::Retries "3"' \
        --include=linux-image-cloud-amd64,busybox-static bookworm "$NEW/tree"
    version=$(basename "$NEW"/tree/lib/modules/*)
    cp "$NEW/tree/boot/vmlinuz-$version" "$NEW/vmlinuz"
    depmod --basedir "$NEW/tree" "$version"
    make_initrd "$NEW/tree" "$version"
    mkdir -p "$NEW/layer/usr/lib/modules" "$NEW/layer/boot"
    cp "$NEW/vmlinuz" "$NEW/layer/boot/vmlinuz-$version"
    mv "$NEW/tree/lib/modules/$version" "$NEW/layer/usr/lib/modules/"
    rm -rf --one-file-system "${NEW:?}/tree"
}

# busybox and the few modules of the disk: distributions' own initrds are made on the machine they are for.
make_initrd() {
    tree=$1 version=$2
    initrd=$NEW/tree/initrd
    mkdir -p "$initrd/dev" "$initrd/proc" "$initrd/root"
    cp "$tree/bin/busybox" "$initrd/busybox"
    {
        echo '#!/busybox sh'
        echo '/busybox mount -t devtmpfs dev /dev'
        modprobe --dirname "$tree" --set-version "$version" --show-depends --all virtio_pci virtio_blk | while read -r _ module _; do
            name=$(basename "$module")
            [ ! -e "$initrd/$name" ] || continue
            cp "$module" "$initrd/$name"
            echo "/busybox insmod /$name"
        done
        echo '/busybox mount -t ext4 -o rw /dev/vda /root'
        echo '/busybox umount /dev'
        echo 'exec /busybox switch_root /root /sbin/init'
    } >"$initrd/init"
    chmod 755 "$initrd/init"
    (cd "$initrd" && find . | ./busybox cpio -o -H newc) >"$NEW/initrd" 2>/dev/null
}

# In a mount namespace of its own, so that a failure leaves no mount.
make_disk() {
    kernel=$1 lowers=$2
    mkdir "$NEW" "$NEW/upper" "$NEW/work" "$NEW/root"
    ssh-keygen -q -t ed25519 -N '' -C test-host -f "$NEW/key"
    unshare --mount --propagation private sh -eu -c '
        mount -t overlay overlay -o "lowerdir=$1:$2/layer,upperdir=$3/upper,workdir=$3/work" "$3/root"
        sh "$4" "$3/root" "$3/key.pub" "$(basename "$2"/layer/usr/lib/modules/*)"
        truncate -s 4G "$3/disk.ext4"
        mke2fs -q -F -t ext4 -O verity -E lazy_itable_init=1,lazy_journal_init=1 -m 0 -d "$3/root" "$3/disk.ext4"
    ' sh "$lowers" "$kernel" "${NEW:?}" "$HERE/furnish.sh"
    rm -rf --one-file-system "${NEW:?}/upper" "${NEW:?}/work" "${NEW:?}/root"
}

case $1 in
    kernel) make_kernel ;;
    disk) make_disk "$3" "$4" ;;
esac
mv "$NEW" "$DIRECTORY"
