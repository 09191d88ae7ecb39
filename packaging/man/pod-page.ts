import { APP_DIRECTIVES, APP_KEYS, POD_KEYS, SERVICE_KEYS, SOCKET_KEYS } from "../../src/spec/keys.ts";
import type { KeyInfo } from "../../src/spec/key-info.ts";
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
    'The syntax is that of systemd.syntax(7). A key marked "list" may be repeated and an empty assignment resets it; of any other key the last assignment counts. An unknown key or section is an error with file and line.',
  ]
    .map(paragraph)
    .join("");
}

function describeService(): string {
  const text =
    "What concerns the pod's unit as a whole. These keys are passed on as written; see systemd.service(5), systemd.exec(5), systemd.kill(5) and systemd.resource-control(5). StartLimit keys go to [Unit], where systemd reads them. Any other key is an error that says where the same is said.";
  return paragraph(text) + formatNames(SERVICE_KEYS) + example("MemoryMax=512M");
}

function describeApp(): string {
  const head = paragraph(
    "One app of the pod; NAME is an AC name: lower-case letters and digits with single dashes between them. There is at least one such section. Their order is the order of start unless After= says otherwise.",
  );
  const more = paragraph(
    "Further keys of systemd.exec(5) and systemd.resource-control(5) are passed on as written to the app's unit inside the pod:",
  );
  return head + APP_KEYS.map(formatKey).join("") + more + formatNames(APP_DIRECTIVES) + example("LimitNOFILE=65536");
}

function describeSocket(): string {
  const text = [
    "A socket of the host that is handed to an app, under this NAME as its descriptor's name. One section gives rkt-pod@NAME.socket; further ones are rkt-pod@NAME:SOCKET.socket, enabled, started and stopped together with it. The sockets of a pod that failed ten times in a row are stopped. A bare port is the port at all addresses, IPv6 and IPv4.",
    "These keys are those of systemd.socket(5), with App= added: the app that gets the socket, which may be left out in a pod of one app. RemoveOnStop=yes and [Install] WantedBy=sockets.target are set by rkt. Accept=yes is an error, since one connection cannot be one pod.",
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
