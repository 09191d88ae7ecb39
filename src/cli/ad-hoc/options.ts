import type { OptionDeclaration } from "../declaration.ts";

/** An option of a command line of images. */
export interface ImageOption extends OptionDeclaration {
  /** Before the first image, behind one (and for that one), or either. */
  readonly scope: "pod" | "image" | "either";
}

/** What isolates the pod; at most one of them. */
const stage1Options: readonly ImageOption[] = [
  {
    name: "stage1-name",
    scope: "pod",
    kind: "text",
    value: "NAME",
    completes: ["images"],
    description:
      "What isolates the pod: an image of the store by its name, else what is part of rkt: coreos.com/rkt/stage1-coreos (systemd-nspawn), stage1-kvm, stage1-fly; or as in Stage1=: nspawn, kvm, kvm:qemu, kvm:lkvm, fly",
  },
  {
    name: "stage1-url",
    scope: "pod",
    kind: "text",
    value: "URL",
    description: "The same by the URL of an image, whose signature is beside it",
  },
  { name: "stage1-path", scope: "pod", kind: "text", value: "FILE", description: "The same by an image's path" },
  {
    name: "stage1-hash",
    scope: "pod",
    kind: "text",
    value: "HASH",
    completes: ["images"],
    description: "The same by the ID of an image of the store, or its beginning",
  },
  {
    name: "stage1-from-dir",
    scope: "pod",
    kind: "text",
    value: "NAME",
    description: "The same by the name of a file in /usr/lib/rkt/stage1-images, or where paths.d says; such an image needs no signature",
  },
  {
    name: "stage1-image",
    scope: "pod",
    kind: "text",
    value: "IMAGE",
    completes: ["images"],
    description: "The same by name, path, URL or ID, as images are named",
  },
];

const shared: readonly ImageOption[] = [
  {
    name: "port",
    scope: "pod",
    kind: "values",
    value: "NAME:[IP:]PORT",
    description: "Forward a port of the host to the port that an image calls NAME",
  },
  {
    name: "volume",
    scope: "pod",
    kind: "values",
    value: "NAME,kind=KIND,…",
    description: "Give the pod a volume: kind=host,source=PATH or kind=empty; it is mounted where an image has a mount point of its name",
  },
  {
    name: "mount",
    scope: "either",
    kind: "values",
    value: "volume=NAME,target=PATH",
    description: "Mount a volume, in all apps or in the image's",
  },
  { name: "private-users", scope: "pod", kind: "flag", description: "Give the pod a range of user and group ids of its own" },
  { name: "no-overlay", scope: "pod", kind: "flag", description: "Copy the images' trees instead of laying them over one another" },
  { name: "set-env", scope: "pod", kind: "values", value: "NAME=VALUE", description: "Set a variable in all apps, over everything else" },
  { name: "set-env-file", scope: "pod", kind: "values", value: "FILE", description: "Set the variables of FILE in all apps" },
  { name: "inherit-env", scope: "pod", kind: "flag", description: "Give the apps those variables of this process that they lack" },
  {
    name: "pull-policy",
    scope: "pod",
    kind: "text",
    value: "POLICY",
    choices: ["never", "new", "update"],
    description: "Whether images may, need not or must be fetched again; new without it",
  },
  { name: "store-only", scope: "pod", kind: "flag", hidden: true, description: "Old spelling of --pull-policy=never" },
  { name: "no-store", scope: "pod", kind: "flag", hidden: true, description: "Old spelling of --pull-policy=update" },
  ...stage1Options,
  {
    name: "pod-manifest",
    scope: "pod",
    kind: "text",
    value: "FILE",
    description: "Take apps, volumes and ports from a pod manifest instead of images; their images are in the store",
  },
  { name: "signature", scope: "image", kind: "text", value: "FILE", description: "The image's signature, a file of this machine" },
  { name: "name", scope: "image", kind: "text", value: "NAME", description: "Name of the app, without it the last part of the image's" },
  { name: "exec", scope: "image", kind: "text", value: "PATH", description: "Program to run instead of the image's" },
  { name: "working-dir", scope: "image", kind: "text", value: "PATH", description: "Directory the app starts in" },
  {
    name: "user",
    scope: "image",
    kind: "text",
    value: "USER",
    description: "User of the image, by name, number or the path of a file of his",
  },
  { name: "group", scope: "image", kind: "text", value: "GROUP", description: "The same for the group" },
  { name: "supplementary-gids", scope: "image", kind: "list", value: "GID,…", description: "More groups, by number" },
  { name: "readonly-rootfs", scope: "image", kind: "flag", description: "Let the app write to its volumes only" },
  { name: "environment", scope: "image", kind: "values", value: "NAME=VALUE", description: "Set a variable in this app" },
  { name: "user-annotation", scope: "image", kind: "values", value: "KEY=VALUE", description: "Note something with the app" },
  { name: "annotation", scope: "image", kind: "values", value: "KEY=VALUE", hidden: true, description: "The same" },
  { name: "user-label", scope: "image", kind: "values", value: "KEY=VALUE", description: "The same, as a label" },
  { name: "memory", scope: "image", kind: "text", value: "BYTES", description: "Limit of the app's memory, as 256M" },
  { name: "cpu", scope: "image", kind: "text", value: "CPUS", description: "Limit of the app's processor time, as 500m" },
  { name: "cpu-shares", scope: "image", kind: "text", value: "N", description: "Weight of the app's processor time, 2 to 262144" },
  {
    name: "oom-score-adj",
    scope: "image",
    kind: "text",
    value: "N",
    description: "How likely it is killed when memory runs out, -1000 to 1000",
  },
  {
    name: "caps-retain",
    scope: "image",
    kind: "list",
    value: "CAP,…",
    description: "Capabilities that the app keeps, instead of the image's",
  },
  { name: "caps-remove", scope: "image", kind: "list", value: "CAP,…", description: "Capabilities that it loses from the default set" },
  { name: "cap-retain", scope: "image", kind: "list", value: "CAP,…", hidden: true, description: "Old spelling of --caps-retain" },
  { name: "cap-remove", scope: "image", kind: "list", value: "CAP,…", hidden: true, description: "Old spelling of --caps-remove" },
  {
    name: "seccomp",
    scope: "image",
    kind: "text",
    value: "mode=MODE,[errno=NAME,]CALL,…",
    description: "System calls to retain or remove, instead of the image's",
  },
  {
    name: "stdin",
    scope: "image",
    kind: "text",
    value: "null|tty",
    description: "What the app reads: nothing, or a terminal of its own that rkt attach joins",
  },
  {
    name: "stdout",
    scope: "image",
    kind: "text",
    value: "log|null|tty",
    description: "Where it writes: journal and rkt's output (log, without it), nowhere, or that terminal",
  },
  { name: "stderr", scope: "image", kind: "text", value: "log|null|tty", description: "The same for its standard error" },
  { name: "uuid-file-save", scope: "pod", kind: "text", value: "FILE", description: "Write the pod's UUID to FILE as soon as it is known" },
];

/** Of `run` and `run-prepared`: how the pod meets the world. */
export const runtimeOptions: readonly ImageOption[] = [
  {
    name: "net",
    scope: "pod",
    kind: "optional",
    value: "NETWORKS",
    description: "default (without it), default-restricted, host or none, behind =; several with commas",
  },
  { name: "private-net", scope: "pod", kind: "optional", value: "NETWORKS", hidden: true, description: "Old spelling of --net" },
  {
    name: "dns",
    scope: "pod",
    kind: "list",
    value: "IP,…|host|none",
    description: "Name servers for the apps' resolv.conf, or the host's file",
  },
  { name: "dns-search", scope: "pod", kind: "list", value: "DOMAIN,…", description: "Search domains for it" },
  { name: "dns-opt", scope: "pod", kind: "list", value: "OPTION,…", description: "Options for it" },
  { name: "dns-domain", scope: "pod", kind: "text", value: "DOMAIN", description: "The local domain for it" },
  {
    name: "hosts-entry",
    scope: "pod",
    kind: "values",
    value: "IP=NAME,…|host",
    description: "Lines for the apps' hosts file, or the host's file",
  },
  { name: "hostname", scope: "pod", kind: "text", value: "NAME", description: "The pod's host name, rkt-UUID without it" },
  { name: "interactive", scope: "pod", kind: "flag", description: "Give the pod's one app this terminal" },
  {
    name: "ipc",
    scope: "pod",
    kind: "text",
    value: "MODE",
    choices: ["auto", "private"],
    description: "auto and private: the pod has IPC of its own; parent is not there",
  },
  {
    name: "mds-register",
    scope: "pod",
    kind: "flag",
    hidden: true,
    description: "Register with the metadata service",
    refused: "this release has no metadata service",
  },
];

export const runOptions: readonly ImageOption[] = [...runtimeOptions, ...shared];
export const prepareOptions: readonly ImageOption[] = [
  ...shared,
  { name: "quiet", scope: "pod", kind: "flag", description: "Print nothing but the UUID; it does so in any case" },
];
