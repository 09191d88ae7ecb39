import { APP_DIRECTIVES, APP_KEYS, POD_KEYS, SERVICE_KEYS, SOCKET_KEYS } from "../../src/spec/keys.ts";
import type { KeyInfo } from "../../src/spec/key-info.ts";
import { type Difference, differences } from "./engine-differences.ts";
import { escapeRoff, item, literal, paragraph, references, section } from "./roff.ts";

const ETCD = [
  "# /etc/rkt/pods.d/etcd.pod",
  "[Unit]",
  "Description=etcd for the cluster",
  "",
  "[Pod]",
  "Net=host",
  "Volume=data,kind=host,source=/var/lib/etcd",
  "",
  "[App etcd]",
  "Image=coreos.com/etcd:v3.5",
  "Args=--listen-client-urls=http://0.0.0.0:2379 --advertise-client-urls=http://127.0.0.1:2379",
  "Mount=volume=data,target=/var/lib/etcd",
  "",
  "[Service]",
  "Restart=on-failure",
  "MemoryMax=512M",
  "",
  "[Install]",
  "WantedBy=multi-user.target",
];

const WEB = [
  "# /etc/rkt/pods.d/web.pod: started by the first connection",
  "[Pod]",
  "Net=none",
  "",
  "[App web]",
  "Image=example.com/web:2",
  "User=www-data",
  "",
  "[Socket http]",
  "ListenStream=80",
  "",
  "[Socket admin]",
  "ListenStream=/run/web-admin.sock",
  "SocketMode=0600",
];

/** rkt.pod(5), from the same table that the parser takes its keys from. */
export function formatPodPage(): string {
  return [
    `.TH "RKT.POD" 5 "" "rkt" "rkt"\n`,
    section("NAME", "rkt.pod \\- declaration of a pod\n"),
    section(
      "SYNOPSIS",
      literal(["/etc/rkt/pods.d/NAME.pod", "/run/rkt/pods.d/NAME.pod", "/usr/lib/rkt/pods.d/NAME.pod", "NAME.pod.d/*.conf"]),
    ),
    section("DESCRIPTION", describe()),
    section(
      "[UNIT] AND [INSTALL]",
      paragraph("Go to the pod's unit on the host as they are: see systemd.unit(5). A key that systemd does not know gives a warning."),
    ),
    section("[SERVICE]", describeService()),
    section("[POD]", POD_KEYS.map(formatKey).join("")),
    section("[APP NAME]", describeApp()),
    section("[SOCKET NAME]", describeSocket()),
    section("NETWORKS", describeNetworks()),
    section("VIRTUAL MACHINES", describeMachines()),
    section("IMAGES OF STAGE1", describeStage1()),
    section("WHAT AN APP SEES", describeViews()),
    section("EXAMPLES", [ETCD, WEB].map(literal).join("")),
    section(
      "SEE ALSO",
      references(["rkt(1)", "rkt-pod(1)", "systemd.syntax(7)", "systemd.unit(5)", "systemd.resource-control(5)", "systemd.socket(5)"]),
    ),
  ].join("");
}

function describe(): string {
  return [
    "A file NAME.pod declares one pod. rkt pod apply NAME checks it, fetches and verifies its images and writes the units; systemctl start rkt-pod@NAME starts it. A file that is changed after that changes nothing until it is applied again; rkt pod list then shows the pod as out of date.",
    'NAME is made of letters, digits, "-", "_" and ".", begins with a letter or digit and has at most 64 characters. Of several files of one name that in /etc counts before that in /run and that in /usr/lib. An empty file or a link to /dev/null masks the pod. Drop-ins NAME.pod.d/*.conf of all three places are merged after the file, in the order of their names; of two of one name the one in /etc counts first.',
    "The file, its drop-ins and every directory above them must belong to root and be writable by nobody else: they say what root runs.",
    'The syntax is that of systemd.syntax(7). A key marked "list" may be repeated and an empty assignment resets it; of any other key the last assignment counts. Words of a list may be quoted as in systemd.syntax(7); of KEY=VALUE and of values with commas the whole, or the part behind a =, may be; commas in such a part of Volume= and Mount= belong to it. An unknown key or section is an error with file and line.',
  ]
    .map(paragraph)
    .join("");
}

function describeService(): string {
  const text =
    "What concerns the pod's unit as a whole. These keys are passed on as written, a value that systemd would not take is an error; see systemd.service(5), systemd.exec(5), systemd.kill(5) and systemd.resource-control(5). StartLimit keys go to [Unit], where systemd reads them. Any other key is an error that says where the same is said.";
  return paragraph(text) + formatNames(SERVICE_KEYS) + example("MemoryMax=512M");
}

function describeApp(): string {
  const head = paragraph(
    "One app of the pod; NAME is an AC name: lower-case letters and digits with single dashes between them. There is at least one such section. Their order is the order of start unless After= says otherwise.",
  );
  const more = paragraph(
    "Further keys of systemd.exec(5) and systemd.resource-control(5) are passed on as written to the app's unit inside the pod; a value that systemd would not take, and so pass over, is an error:",
  );
  return head + APP_KEYS.map(formatKey).join("") + more + formatNames(APP_DIRECTIVES) + example("LimitNOFILE=65536");
}

function describeNetworks(): string {
  const text = [
    "The networks default (172.16.28.0/22, fd72:6b74:1c::/64) and default-restricted (172.31.0.0/16, fd72:6b74:1f::/64) are bridges of the host, rkt-default and rkt-restricted, made by rkt-network.service at installation and boot; where the host has a route to addresses of one, that bridge is not made and pods of it are refused. default is masqueraded behind the host; default-restricted is reached from the host and its own pods alone, also its ports. With several networks ports lead to the first one that is routed.",
    "rkt turns forwarding on, has tables ip rkt and ip6 rkt of its own in nftables, and changes no rule of others. So a firewall of the host that drops what it forwards has to let the bridge pass, or pods reach nothing beyond the host and others not their ports; apply warns of it where it sees that. Docker: iptables -I DOCKER-USER -i rkt-default -j ACCEPT, and the same with -o. ufw: ufw route allow in on rkt-default, and out on rkt-default. firewalld: firewall-cmd --permanent --zone=trusted --add-interface=rkt-default.",
    "A pod that is applied with another network while it runs has it from its next start on.",
  ];
  return text.map(paragraph).join("");
}

function describeMachines(): string {
  const text = [
    "With Stage1=kvm the same declaration is a virtual machine: the newest kernel in /boot or /usr/lib/modules that has its modules (one made for clouds before others, or what rkt-config(5) names), the host's own systemd, and the apps' images as disks. The host needs /dev/kvm, /dev/vhost-vsock (module vhost_vsock), /dev/net/tun (module tun) unless Net=none, a hypervisor (qemu, or kvmtool's lkvm, which no distribution ships), mkfs.erofs, modprobe and systemd-journal-remote, and virtiofsd for volumes (in Debian 12 part of qemu-system-common). kvm:qemu and kvm:lkvm choose the hypervisor; with kvm it is the first one of the order that rkt-config(5) sets. Without /dev/kvm qemu emulates a machine where that file allows it.",
    "Refused there: Net=host, PrivateUsers=yes, Device=, Output=tty and null, volumes that are devices, sockets or pipes, sockets other than ListenStream=, rkt run with --no-overlay or as the main process of a unit with sockets, rkt attach and rkt export.",
    "A pod has at most 23 layers of images, and at most 27 of layers, volumes of the host and interfaces together. Under lkvm a pod has at most three layers of images. Credentials count as a layer. Under lkvm volumes of the host come by 9p, from the hypervisor itself, which runs as the user rkt-vm: what that user may not read or write the pod may not either, what the pod makes is that user's, owners cannot be changed, and special files, locks and extended attributes do not work. It needs a kernel with 9p (linux-image-amd64), and one with CONFIG_X86_MPPARSE for more than one processor.",
    "The machine has 80 MiB of memory, the limits of its apps' Memory=, and 176 MiB more if one of them has none; as many processors as the largest CPU= says, else one. In less than 128 MiB a guest of systemd 257 reads parts of its programs again and again while it boots, which makes its start slow: there say at least Memory=48M. MemoryMax= and CPUQuota= of an app do not count for that; limits of [Service] are the hypervisor's. What apps write to their roots and to volumes of kind empty is in that memory, and gone at the end.",
    "No attributes trusted.* and no O_TMPFILE (before Linux 6.2) are in directories of the host, no attributes user.* in an app's own root before Linux 6.6; DNS=host and HostsEntry=host are the host's files as they were at apply. Whatever else an app sees otherwise than under nspawn is listed under WHAT AN APP SEES.",
    "Commands of [Service] (ExecStartPre=, ExecStartPost=, ExecStopPost=) are executed by root of the host, as ever, each of one program, without @ in front; those of ExecStopPost= find in their variables how the apps ended. READY must come within 90 seconds (15 minutes in an emulated machine), unless an app says itself when it is ready or TimeoutStartSec= says otherwise. With Job=yes the unit's main process is a shell, which asks the guest to end when the unit is stopped.",
    "The unit's result is that of the first app that failed, as ever; a machine that ends without a word on its apps has failed with status 254. What a machine says of its apps and its journal is its own word, and concerns that pod alone. Its journal takes JournalMaxUse=, or 32 MiB where that is less: a guest that writes faster than the host stores has to wait, and meanwhile the oldest lines in its memory (16 MiB) give way. Of what it writes to its console the host's journal takes 500 lines in 30 seconds, or the multiple of that which systemd-journald(8) allows where there is much room.",
    "Settings that an administrator makes for all programs of a host (fs.protected_*, fs.nr_open, kernel.pid_max, kernel.yama.ptrace_scope, vm.max_map_count, vm.overcommit_memory, vm.swappiness and others) are in its kernel as they were on the host at apply. Numbers of processes, open files and watches follow its memory; an app may have four fifths of its tasks.",
  ];
  return text.map(paragraph).join("");
}

function describeStage1(): string {
  const text = [
    "Stage1= names an image where it has a slash in it or begins with sha512-: by name of the store (coreos.com/rkt/stage1-coreos:2.0.0), by ID or its beginning, by absolute path or URL, as Image=. The image says itself which engine it is for. What runs inside the pod, systemd and its journal, is then of the image and not of the host's /usr; for kvm kernel and modules too; for fly nothing changes.",
    "It is found or fetched when the pod is applied, needs a good signature by a key that is trusted for its name, and the pod's verdict covers it, so that it is judged anew before each start. A file of /usr/lib/rkt/stage1-images (or where paths.d says, rkt-config(5)) needs no signature, as long as it is there and directory and file are root's alone. The pod keeps its image until it is applied again: rkt image gc and rkt image rm leave it in the store.",
    "coreos.com/rkt/stage1-coreos, stage1-kvm and stage1-fly mean nspawn, kvm and fly with the host's own files where the store has no image of that name and, where one is given, that version. Images of the original rkt are refused.",
  ];
  return text.map(paragraph).join("");
}

function describeViews(): string {
  const listOf = (engine: Difference["engine"]): string =>
    differences
      .filter((difference) => difference.engine === engine)
      .map(({ what, text }) => item(what, text))
      .join("");
  return [
    paragraph(
      "From one declaration an app sees the same under every engine: variables, arguments, user and groups, capabilities, filter of system calls, limits, priority, descriptors, its root and its volumes, files of /dev, /run and /etc, names and addresses, what it may read, write and call. What differs from systemd-nspawn is listed here. With Stage1=kvm:",
    ),
    listOf("kvm"),
    paragraph("With Stage1=fly:"),
    listOf("fly"),
    paragraph(
      "Refused with Stage1=fly: more than one app, networks other than host, PrivateUsers=yes, Sysctl=, Hostname=, JournalMaxUse=, Device=, Credential=, Output=tty and null, and isolators that it cannot enforce.",
    ),
  ].join("");
}

function describeSocket(): string {
  const text = [
    "A socket of the host that is handed to an app, under this NAME as its descriptor's name. One section gives rkt-pod@NAME.socket; further ones are rkt-pod@NAME:SOCKET.socket, enabled, started and stopped together with it. The sockets of a pod that failed ten times in a row are stopped. A bare port is the port at all addresses, IPv6 and IPv4; of IPv4 alone where the host's kernel has no IPv6. Applying the pod fails where another applied pod listens on the address, or forwards the port (Port=), whether it runs or not.",
    "These keys are those of systemd.socket(5), with App= added: the app that gets the socket, which may be left out in a pod of one app. RemoveOnStop=yes and [Install] WantedBy=sockets.target are set by rkt. Accept=yes is an error, since one connection cannot be one pod.",
    "A pod in a virtual machine (Stage1=kvm) gets no descriptor of the host's: the first connection starts rkt-proxy@NAME.service, which starts the pod, and systemd-socket-proxyd(8) carries each connection to a socket of the same name inside, at the pod's address and the same port (a port from 29300 on for a path, or where two have the same). So the app is activated as ever, but its peer is the host, and what it accepts is TCP by IPv4, also for a path. Each section has one ListenStream= there, and the pod a network. SocketUser=, SocketGroup= and SocketMode= decide about the host's socket; the port inside accepts whatever user of the host connects to it, and no other pod. Connections wait while the pod starts; those that come while its apps end go down with them.",
  ];
  return text.map(paragraph).join("") + formatNames(SOCKET_KEYS) + example("ListenStream=127.0.0.1:8080");
}

function formatKey(info: KeyInfo): string {
  const text = `${info.text}${info.list ? " (list)" : ""}`;
  return `${item(`${info.key}=`, text)}.RS\n.PP\nValue: ${escapeRoff(info.value)}\n.PP\nExample: \\fB${escapeRoff(info.example)}\\fR\n.RE\n`;
}

function formatNames(names: readonly string[]): string {
  return `.PP\n${names.map((name) => `\\fB${escapeRoff(name)}=\\fR`).join(",\n")}\n`;
}

function example(line: string): string {
  return `.PP\nExample: \\fB${escapeRoff(line)}\\fR\n`;
}
