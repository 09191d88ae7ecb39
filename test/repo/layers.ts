/** Which folder may import which: the table of src/README.md as data, lowest first. `src/` is left out of the names. */
export const LAYERS: Readonly<Record<string, readonly string[]>> = {
  base: [],
  unit: ["base"],
  spec: ["base", "unit"],
  host: ["base"],
  dbus: ["base"],
  journal: ["base", "host"],
  systemd: ["base", "host", "dbus"],
  machined: ["base", "dbus"],
  config: ["base", "unit", "spec", "host"],
  trust: ["base", "spec", "host", "config"],
  store: ["base", "spec", "host"],
  net: ["base", "unit", "spec", "host", "config"],
  image: ["base", "spec", "host", "config", "trust", "store"],
  isolator: ["base", "spec", "unit"],
  pod: ["base", "unit", "spec", "host", "store"],
  stage1: ["base", "unit", "spec", "host", "isolator", "net", "pod", "systemd", "machined"],
  apply: [
    "base",
    "unit",
    "spec",
    "host",
    "dbus",
    "journal",
    "systemd",
    "machined",
    "config",
    "trust",
    "store",
    "net",
    "image",
    "isolator",
    "pod",
  ],
  cli: [
    ...["base", "unit", "spec", "host", "dbus", "journal", "systemd", "machined", "config", "trust", "store", "net", "image", "isolator"],
    ...["pod", "apply"],
  ],
  bin: [
    ...["base", "unit", "spec", "host", "dbus", "journal", "systemd", "machined", "config", "trust", "store", "net", "image", "isolator"],
    ...["pod", "stage1", "apply", "cli"],
  ],
};

/** The only folder that may import a package. */
export const PACKAGE_OWNERS: Readonly<Record<string, string>> = {
  "dbus-next": "dbus",
  usocket: "dbus",
  "systemd-journald": "journal",
  commander: "cli",
  openpgp: "trust",
  "tar-stream": "image",
  aws4: "image",
};

/** Of Node's own modules, those that reach the machine. */
export const MODULE_OWNERS: Readonly<Record<string, readonly string[]>> = {
  "node:fs": ["host"],
  "node:fs/promises": ["host"],
  "node:child_process": ["host"],
  "node:worker_threads": ["host"],
  "node:http": ["host", "image"],
  "node:https": ["host", "image"],
};

/** Everything that may stand at the top of the repository. */
export const TOP_LEVEL: readonly string[] = [
  ".ci",
  ".gitignore",
  ".npmrc",
  ".oxfmtrc.json",
  ".oxlintrc.json",
  "README.md",
  "machined",
  "package-lock.json",
  "package.json",
  "packaging",
  "src",
  "test",
  "tsconfig.json",
  "units",
];
