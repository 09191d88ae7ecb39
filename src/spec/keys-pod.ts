import type { KeyInfo } from "./key-info.ts";

/** [Pod]: what concerns all apps. The order is the manual's. */
export const POD_KEYS: readonly KeyInfo[] = [
  {
    key: "Stage1",
    list: false,
    value: "nspawn | kvm | kvm:lkvm | kvm:qemu | fly | NAME | sha512-… | PATH | URL",
    text: "What isolates the pod: systemd-nspawn (the default), a virtual machine, or only a root of its own (fly: one app with all of the host's privileges and its network). These use the host's own systemd and kernel; an image of stage1, by name, ID, path or URL, brings them, see IMAGES OF STAGE1. coreos.com/rkt/stage1-fly and its like mean the former where the store has no such image.",
    example: "Stage1=nspawn",
  },
  {
    key: "Job",
    list: false,
    value: "yes | no",
    text: "The pod runs once to its end, as a service of Type=oneshot: systemctl start waits for the end, and a timer unit rkt-pod@NAME.timer can start it. TimeoutStartSec= of [Service] bounds its time; RuntimeMaxSec= does not. Default no.",
    example: "Job=yes",
  },
  {
    key: "Net",
    list: true,
    value: "none | host | default | default-restricted | NAME[:ARG=VALUE;…]",
    text: "Networks of the pod, several separated by commas or in several lines. default (without the key) gives the pod an address of its own in 172.16.28.0/22 and reaches what the host reaches, masqueraded; default-restricted an address in 172.31.0.0/16 and reaches the host and that network's pods only. none is a network of its own with nothing but lo, host is the host's. all is default and default-restricted. none, host and all stand alone. Networks of CNI (any other NAME) are refused in this release. The address is the pod's as long as the pod is known to rkt.",
    example: "Net=host",
  },
  {
    key: "Port",
    list: true,
    value: "NAME:[IP:]HOSTPORT",
    text: "Makes the port that the image calls NAME reachable at that port of the host, at all its addresses or at one: from other hosts (not with default-restricted alone), from the host itself and over 127.0.0.1; not from ::1. With Net=host or Net=none only a port that the image marks as socketActivated: its socket starts the pod.",
    example: "Port=http:127.0.0.1:8080",
  },
  {
    key: "Volume",
    list: true,
    value: "NAME,kind=host|empty|state|tmpfs[,OPTION=VALUE…]",
    text:
      "A directory or file that apps mount with Mount=. " +
      "kind=host: source=/PATH of the host, with readOnly=true, recursive=true|false (mounts below the source too; default true), idmap=true and unsafe=true. " +
      "The source is resolved when the pod is applied; a path with a parent that others than root may write needs unsafe=true. idmap=true keeps plain owners on the host under private users. " +
      "kind=empty: empty at each start; kind=state: kept under /var/lib/rkt/volumes; both with mode=, uid= and gid= (without them 0755, 0, 0; of kind=state for its making only). " +
      "kind=tmpfs: in memory, with size= (without it half of the memory), mode=, uid=, gid=. All take readOnly=true.",
    example: "Volume=data,kind=host,source=/var/lib/etcd",
  },
  {
    key: "Device",
    list: true,
    value: "/dev/PATH[:ACCESS]",
    text: "A device node that the host has when the pod is applied; the apps find it at the same path. ACCESS is made of r, w and m (mknod); the default is rw.",
    example: "Device=/dev/fuse:rw",
  },
  {
    key: "Sysctl",
    list: true,
    value: "NAME=VALUE",
    text: "A kernel parameter of the pod's own namespaces, set before its apps start.",
    example: "Sysctl=net.ipv4.ip_unprivileged_port_start=80",
  },
  {
    key: "DNS",
    list: true,
    value: "IP | host | none",
    text: "Name servers for the apps' /etc/resolv.conf; host takes the host's file, none leaves the image's alone, as without any DNS key: then an app without a file of its image's has no name server. Both stand alone, also without DNSSearch=, DNSOption= and DNSDomain=.",
    example: "DNS=192.0.2.53",
  },
  { key: "DNSSearch", list: true, value: "DOMAIN", text: "Search domains for /etc/resolv.conf.", example: "DNSSearch=example.com" },
  {
    key: "DNSOption",
    list: true,
    value: "OPTION",
    text: "Options for /etc/resolv.conf, see resolv.conf(5).",
    example: "DNSOption=ndots:2",
  },
  { key: "DNSDomain", list: false, value: "DOMAIN", text: "The local domain for /etc/resolv.conf.", example: "DNSDomain=example.com" },
  {
    key: "HostsEntry",
    list: true,
    value: "IP=NAME[,[IP=]NAME…] | host",
    text: "Lines for the apps' /etc/hosts; a name without address has the one before. host takes the host's file, and stands alone.",
    example: "HostsEntry=192.0.2.7=db,db.example.com",
  },
  {
    key: "Hostname",
    list: false,
    value: "NAME",
    text: "The pod's host name, at most 64 characters. Default rkt-UUID.",
    example: "Hostname=etcd1",
  },
  {
    key: "PrivateUsers",
    list: false,
    value: "yes | no",
    text: "Gives the pod a user namespace with 65536 ids of its own, which it keeps: root in it is nobody on the host. What it writes into a host volume belongs to the high ids, so the directory must let them write; with idmap=true, below a directory that only root may enter, to the pod's own. Refused where /var/lib/rkt lies on a file system that maps no ids. Default no.",
    example: "PrivateUsers=yes",
  },
  {
    key: "JournalMaxUse",
    list: false,
    value: "BYTES[K|M|G]",
    text: "How large the pod's own journal may grow before its oldest lines go. Default 64M.",
    example: "JournalMaxUse=128M",
  },
  {
    key: "UUID",
    list: false,
    value: "UUID",
    text: "Pins the pod's UUID, which is otherwise made at the first apply and kept. It also is the pod's machine id, so the id of another machine is refused.",
    example: "UUID=8f0e0a4e-6e0f-4b2e-9d5c-0d9f4f2f7a11",
  },
  {
    key: "Annotation",
    list: true,
    value: "KEY=VALUE",
    text: "A user annotation of the pod manifest. Of one KEY the last counts.",
    example: "Annotation=example.com/owner=db-team",
  },
  {
    key: "Label",
    list: true,
    value: "KEY=VALUE",
    text: "A user label of the pod manifest. Of one KEY the last counts.",
    example: "Label=tier=storage",
  },
];
