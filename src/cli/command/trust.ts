import type { CommandDeclaration } from "../declaration.ts";
import { trustListCommand } from "./trust-list.ts";
import { trustRmCommand } from "./trust-rm.ts";

export const trustCommand: CommandDeclaration = {
  name: "trust",
  summary: "Trust a public key for images",
  description: [
    "Reads OpenPGP public keys from files or URLs, shows fingerprint, subkeys and identities of each, asks, and stores them below /etc/rkt/trustedkeys. Images whose names are the prefix, or continue it after a slash, may then be signed by these keys: example.com/bo does not cover example.com/box.",
    "Exactly one of --prefix and --root is needed. A file named like a command of rkt trust is given as ./list.",
    "Afterwards the verdicts of all applied pods are made again.",
  ],
  arguments: [{ name: "PUBKEY", completes: ["files"], variadic: true }],
  options: [
    {
      name: "prefix",
      kind: "text",
      value: "PREFIX",
      description: "Names of images that the keys may sign, without scheme",
    },
    { name: "root", kind: "flag", description: "Trust the keys for images of every name" },
    { name: "skip-fingerprint-review", kind: "flag", description: "Do not ask whether the fingerprint is right" },
    { name: "insecure-allow-http", kind: "flag", description: "Allow http:// URLs of keys" },
  ],
  examples: [
    { command: "rkt trust --prefix=coreos.com/etcd key.asc", text: "Review key.asc and trust it for coreos.com/etcd" },
    { command: "rkt trust --root --skip-fingerprint-review key.asc", text: "Trust a key for all images, in a script" },
  ],
  root: true,
  run: () => import("../run/trust.ts"),
  commands: [trustListCommand, trustRmCommand],
};
