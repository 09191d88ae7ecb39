#!/bin/sh
# Makes the cached trees of test hosts. The caller holds the lock; a tree that is there already was made while it waited.
#   make-tree.sh tree    DIRECTORY SUITE PACKAGE,… "MASKED UNITS"
#   make-tree.sh install DIRECTORY TREE DEB          an overlay layer above TREE that has DEB installed
set -eu
DIRECTORY=$2
[ ! -d "$DIRECTORY" ] || exit 0
NEW=$DIRECTORY.new
rm -rf --one-file-system "$NEW"

make_tree() {
    suite=$1 packages=$2 masked=$3
    mmdebstrap --mode=root --variant=minbase --format=directory \
        --aptopt='Acquire::Languages "none"' --aptopt='Acquire::Retries "3"' --dpkgopt='force-unsafe-io' \
        --include="$packages" "$suite" "$NEW"
    for unit in $masked; do
        ln -sfn /dev/null "$NEW/etc/systemd/system/$unit"
    done
    echo host >"$NEW/etc/hostname"
    printf '127.0.0.1 localhost host\n::1 localhost\n' >"$NEW/etc/hosts"
    : >"$NEW/etc/resolv.conf"
    rm -f "$NEW/var/lib/dbus/machine-id" "$NEW/usr/sbin/policy-rc.d"
    mkdir -p "$NEW/etc/systemd/journald.conf.d" "$NEW/etc/systemd/system.conf.d"
    # Persistent where /var/log/journal exists, without a limit that a burst of a test's lines would meet.
    printf '[Journal]\nStorage=auto\nRateLimitBurst=0\n' >"$NEW/etc/systemd/journald.conf.d/50-test-host.conf"
    # No status output on a console that nobody reads; a stuck unit is not waited for at the end.
    printf '[Manager]\nShowStatus=no\nDefaultTimeoutStopSec=10s\n' >"$NEW/etc/systemd/system.conf.d/50-test-host.conf"
}

# In a mount namespace of its own, so that a failure leaves no mount.
install_package() {
    tree=$1 deb=$2
    mkdir "$NEW" "$NEW/upper" "$NEW/work" "$NEW/root"
    unshare --mount --propagation private sh -eu -c '
        mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root"
        mount -t proc proc "$2/root/proc"
        mount -t tmpfs tmpfs "$2/root/run"
        cp "$3" "$2/root/run/package.deb"
        chroot "$2/root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive dpkg --force-unsafe-io -i /run/package.deb </dev/null
    ' sh "$tree" "$NEW" "$deb"
    mv "$NEW/upper" "$NEW.upper"
    rm -rf --one-file-system "$NEW"
    NEW=$NEW.upper
}

case $1 in
    tree) make_tree "$3" "$4" "$5" ;;
    install) rm -rf --one-file-system "$NEW.upper"; install_package "$3" "$4" ;;
esac
mv "$NEW" "$DIRECTORY"
