/**
 * What an app sees otherwise than under nspawn, from one declaration: rkt.pod(5) prints it, and test/vm/engines.test.ts compares it with what
 * apps see. `keys` are those of the lines that test/vm/engines/probe.c prints.
 */
export interface Difference {
  readonly engine: "kvm" | "fly";
  readonly keys: RegExp;
  /** A word or two. */
  readonly what: string;
  readonly text: string;
}

export const differences: readonly Difference[] = [
  {
    engine: "kvm",
    keys: /^(machine (memory|processors|clock)|limit Max (pending signals|processes)|setting (kernel\/threads-max|user\/max_user_namespaces|fs\/inotify\/max_user_watches)|control group pids\.max)$/,
    what: "Size",
    text: "Memory, processors and clock are the machine's own, and so are the numbers that a kernel takes from its memory: processes, pending signals, namespaces, watches.",
  },
  {
    engine: "kvm",
    keys: /^mounted is \/(data|keep|state)$/,
    what: "Volumes",
    text: "Directories of the host are a file system virtiofs (under lkvm 9p), volumes of kind empty a tmpfs.",
  },
  {
    engine: "kvm",
    keys: /^file \/dev\/(char|net|console)(\/|$)/,
    what: "Devices",
    text: "There is no /dev/net/tun and no /dev/char; /dev/console is a device, for root alone. No node of a disk can be used, as under nspawn.",
  },
  {
    engine: "kvm",
    keys: /^((mount|mounted is|reads) \/sys\/(fs\/(bpf|pstore)|kernel\/security)|(mount|reads) \/proc\/(kmsg|sys\/kernel\/random\/boot_id)|writes \/sys)$/,
    what: "Kernel",
    text: "It is another one, whose version may be another than the host's. /sys/kernel/security, /sys/fs/bpf and /sys/fs/pstore are its own, its log (/proc/kmsg) is hidden by permission.",
  },
  {
    engine: "kvm",
    keys: /^process kernel threads$/,
    what: "Processes",
    text: "Those of its kernel are seen beside those of the pod.",
  },
  {
    engine: "kvm",
    keys: /^setting net\/(core\/rmem_max|ipv4\/ip_forward)$/,
    what: "Network settings",
    text: "They are those of a host: it forwards nothing, and net.core is all there.",
  },
  {
    engine: "kvm",
    keys: /^call socket of algorithms$/,
    what: "Modules",
    text: "Nothing is loaded into its kernel when it is asked for: there are no sockets AF_ALG, and no protocols and file systems that are modules of it.",
  },
  {
    engine: "kvm",
    keys: /^call (pkey_alloc|quotactl)$/,
    what: "System calls",
    text: "Memory protection keys may be used; what is refused by the host's filter under nspawn is refused by the kernel for want of a privilege otherwise.",
  },
  {
    engine: "fly",
    keys: /^(process (Cap(Bnd|Eff|Inh|Prm)|Seccomp)|call )/,
    what: "Privileges",
    text: "The app has all capabilities unless CapabilityRetain= or CapabilityRemove= says otherwise, and no filter of system calls: it may mount, make nodes, load modules, set the clock.",
  },
  {
    engine: "fly",
    keys: /^(address|route|largest packet of|setting net\/|text of \/etc\/(hosts|resolv\.conf)|file \/etc\/resolv\.conf)/,
    what: "Network",
    text: "It is the host's, with its addresses, routes, settings and, where nothing else is said, its /etc/hosts and /etc/resolv.conf.",
  },
  {
    engine: "fly",
    keys: /^machine (host name|boot id)$/,
    what: "Names",
    text: "Host name and boot id are the host's.",
  },
  {
    engine: "fly",
    keys: /^process Groups$/,
    what: "Groups",
    text: "The app's own group is not also one of its supplementary groups.",
  },
  {
    engine: "fly",
    keys: /^mount \/(data|keep|state|etc\/(hosts|resolv\.conf))?$/,
    what: "Mounts",
    text: "With NoNewPrivileges=yes they are not nosuid: setuid bits count for nothing all the same.",
  },
  {
    engine: "fly",
    keys: /^process kernel threads$/,
    what: "Processes",
    text: "All of the host's are seen.",
  },
  {
    engine: "fly",
    keys: /^(file \/dev\/|writes \/dev)/,
    what: "Devices",
    text: "/dev is the host's.",
  },
  {
    engine: "fly",
    keys: /^((mount|mounted is|reads|writes) \/(proc|sys)(\/|$))/,
    what: "Kernel interfaces",
    text: "/proc and /sys are the host's: nothing is hidden in them or read-only.",
  },
  {
    engine: "fly",
    keys: /^(process cgroup$|control group )/,
    what: "Control group",
    text: "It is the pod's unit on the host, with the host's controllers and the limits of [Service].",
  },
  {
    engine: "fly",
    keys: /^(file|mount) \/run\/systemd\//,
    what: "Journal",
    text: "The sockets below /run/systemd/journal are the host's.",
  },
  {
    engine: "fly",
    keys: /^file \/(root|run|usr|var)$/,
    what: "Root directory",
    text: "It is the image's: /usr, /var, /root and their like are not made where it lacks them.",
  },
];
