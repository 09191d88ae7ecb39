#!/bin/sh
# Boots one throw-away host and keeps it until standard input ends; then nothing of it is left.
# Runs in a mount namespace of its own (see host.ts), so that no mount outlives it, however it dies.
#
#   supervise.sh CACHE NAME LOWERS JOURNAL [NSPAWN OPTION…]
#     CACHE    /var/cache/rkt-test
#     NAME     name of the host, of its directory and of its cgroup
#     LOWERS   lower directories of the root, the uppermost first, joined by ":"
#     JOURNAL  persistent or volatile
#
# Standard input: "crash" cuts the power and boots again; end of file ends the host.
# Standard output: "booting PID" with the process id of systemd-nspawn at each boot; "ended STATUS".
set -eu
CACHE=$1 NAME=$2 LOWERS=$3 JOURNAL=$4
shift 4
RUN=$CACHE/run/$NAME

find_cgroup_root() {
    while read -r _ mount type _; do
        if [ "$type" = cgroup2 ]; then
            echo "$mount"
            return
        fi
    done </proc/self/mounts
    echo "Cannot boot a test host: no cgroup2 file system is mounted" >&2
    exit 1
}

# Ends every process below a cgroup and removes it; bounded, because a process in uninterruptible sleep cannot be waited out.
remove_cgroup() {
    [ -d "$1" ] || return 0
    echo 1 >"$1/cgroup.kill" 2>/dev/null || :
    tries=0
    while ! find "$1" -depth -type d -exec rmdir {} + 2>/dev/null && [ -d "$1" ] && [ "$tries" -lt 500 ]; do
        tries=$((tries + 1))
        sleep 0.02
    done
}

# Hosts whose supervisor is gone: their lock is free.
sweep() {
    for dead in "$CACHE"/run/*/; do
        dead=${dead%/}
        [ -e "$dead/lock" ] || continue
        (flock --nonblock 8 || exit 0; remove_cgroup "$CGROUPS/rkt-test-${dead##*/}"; rm -rf --one-file-system "$dead") 8<"$dead/lock"
    done
}

CGROUPS=$(find_cgroup_root)
CGROUP=$CGROUPS/rkt-test-$NAME
mkdir -p "$CACHE/run"
exec 7>"$CACHE/run.lock"
flock 7
sweep
mkdir "$RUN"
exec 9>"$RUN/lock"
flock 9
exec 7>&-

mkdir "$RUN/upper" "$RUN/work" "$RUN/root" "$RUN/state" "$RUN/journal"
mount -t overlay overlay -o "lowerdir=$LOWERS,upperdir=$RUN/upper,workdir=$RUN/work" "$RUN/root"
# A machine id that is there already: an empty one would make this a first boot, which enables units by preset.
tr -d - </proc/sys/kernel/random/uuid >"$RUN/root/etc/machine-id"
mkdir -p "$RUN/root/var/lib/rkt"
set -- "$@" --bind="$RUN/state:/var/lib/rkt"
if [ "$JOURNAL" = persistent ]; then
    mkdir -p "$RUN/root/var/log/journal"
    set -- "$@" --bind="$RUN/journal:/var/log/journal"
else
    rm -rf "$RUN/root/var/log/journal"
fi
for device in /dev/fuse /dev/net/tun /dev/loop-control /dev/kvm; do
    if [ -e "$device" ]; then
        set -- "$@" --bind="$device"
    fi
done
# Every systemd of every host and pod takes a few; 128 is the kernel's default.
limit=/proc/sys/fs/inotify/max_user_instances
if [ "$(cat "$limit")" -lt 8192 ]; then
    echo 8192 >"$limit"
fi

boot() {
    mkdir -p "$CGROUP"
    sh -c 'echo $$ >"$1/cgroup.procs"; shift; exec "$@"' sh "$CGROUP" \
        setpriv --pdeathsig KILL -- \
        env -i --default-signal=INT,TERM,HUP,PIPE PATH=/usr/sbin:/usr/bin:/sbin:/bin SYSTEMD_NSPAWN_API_VFS_WRITABLE=1 SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 \
        systemd-nspawn --quiet --directory="$RUN/root" --machine="$NAME" --hostname=host --register=no --keep-unit \
        --capability=all --private-network --link-journal=no --resolv-conf=off --timezone=off \
        --system-call-filter="@mount @privileged @raw-io @module bpf perf_event_open @keyring" \
        "$@" --boot </dev/null >>"$RUN/console" 2>&1 9>&- 3>&- &
    echo $! >"$RUN/pid.new"
    mv "$RUN/pid.new" "$RUN/pid"
    echo "booting $!"
}

cut_power() {
    kill -KILL "$(cat "$RUN/pid")" 2>/dev/null || :
}

# Background jobs get /dev/null as standard input, hence the copy.
exec 3<&0
(
    trap '' INT TERM HUP
    while read -r command; do
        if [ "$command" = crash ]; then
            : >"$RUN/again"
            cut_power
        fi
    done
    : >"$RUN/stop"
    cut_power
    remove_cgroup "$CGROUP"
) <&3 9>&- 2>/dev/null >/dev/null &
exec 3<&-
# Whoever read our messages may be gone.
trap '' INT TERM HUP PIPE

while :; do
    boot "$@"
    if [ -e "$RUN/stop" ]; then
        cut_power
    fi
    status=0
    wait "$(cat "$RUN/pid")" || status=$?
    remove_cgroup "$CGROUP"
    # 133: the host asked for a reboot.
    if [ -e "$RUN/stop" ] || { [ "$status" != 133 ] && ! [ -e "$RUN/again" ]; }; then
        break
    fi
    rm -f "$RUN/again"
done
umount -l "$RUN/root"
if [ -e "$RUN/stop" ] || [ "$status" = 0 ]; then
    rm -rf --one-file-system "$RUN"
else
    tail -n 40 "$RUN/console" >&2
    rm -rf --one-file-system "$RUN"
fi
echo "ended $status" 2>/dev/null || :
