#!/bin/sh
# What a tree needs to be a virtual machine's disk: modules, a network, a way in, and a word when it runs.
#   furnish.sh ROOT PUBLIC-KEY KERNEL-VERSION
set -eu
ROOT=${1:?} KEY=$2 VERSION=$3
UNITS=$ROOT/etc/systemd/system

chroot "$ROOT" depmod "$VERSION"
# A machine id that is there already: an empty one would make the next boot a first boot, which enables units by preset.
tr -d - </proc/sys/kernel/random/uuid >"$ROOT/etc/machine-id"
mkdir -p "$ROOT/var/log/journal"

# qemu's network of its own, behind which there is nothing but the way in.
cat >"$UNITS/test-network.service" <<END
[Unit]
Description=Address of the virtual machine
BindsTo=sys-subsystem-net-devices-eth0.device
After=sys-subsystem-net-devices-eth0.device
Before=network.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=ip address add 10.0.2.15/24 dev eth0
ExecStart=ip link set eth0 up
ExecStart=ip route add default via 10.0.2.2

[Install]
WantedBy=multi-user.target
END

# One line at each boot, to who waits for it outside.
cat >"$UNITS/test-booted.service" <<END
[Unit]
Description=Word that the virtual machine runs
After=ssh.service

[Service]
Type=exec
ExecStart=sh -c 'systemctl is-system-running --wait >/dev/virtio-ports/booted'

[Install]
WantedBy=multi-user.target
END
mkdir -p "$UNITS/multi-user.target.wants"
ln -s ../test-network.service ../test-booted.service "$UNITS/multi-user.target.wants/"

mkdir -p -m 700 "$ROOT/root/.ssh"
install -m 600 "$KEY" "$ROOT/root/.ssh/authorized_keys"
printf "LANG=C.UTF-8\n" >"$ROOT/etc/default/locale"
printf 'MaxSessions 100\nPrintMotd no\nPrintLastLog no\nClientAliveInterval 0\n' >"$ROOT/etc/ssh/sshd_config.d/50-test-host.conf"
