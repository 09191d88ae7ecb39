import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const image = `sha512-${"0".repeat(128)}`;
const generation = "0".repeat(64);

const commit = { format: 1, generation, inputs: [] };
const plan = {
  format: 1,
  version: "0",
  engine: "nspawn",
  images: [{ app: "sample", id: image, name: "example.com/sample", version: "1" }],
  layers: [],
  appLayers: {},
  faults: {},
  sockets: [],
  networks: ["default:ip4=172.16.28.2"],
};
const labels = [
  { name: "version", value: "1" },
  { name: "os", value: "linux" },
];
const manifest = {
  acKind: "PodManifest",
  acVersion: "0.8.11",
  apps: [
    {
      name: "sample",
      image: { id: image, name: "example.com/sample", labels },
      app: { exec: [], user: "0", group: "0", userAnnotations: { key: "value" } },
      mounts: [{ volume: "data", path: "/data" }],
    },
  ],
  volumes: [{ name: "data", kind: "host", source: "/srv", readOnly: false }],
};

const files: Readonly<Record<string, string>> = {
  "pod-created": "",
  commit: JSON.stringify(commit),
  [`gen/${generation}/plan.json`]: JSON.stringify(plan),
  [`gen/${generation}/listed`]: JSON.stringify(manifest),
};
const ran: Readonly<Record<string, string>> = { started: generation, last: "success exited 0", "status/sample": "exited 0 success" };

/** A data directory with a pod of each kind, as far as lists read it: what is rehearsed on it is compiled ahead. */
export function writeSamplePods(data: string): void {
  const uuid = (digit: number): string => `00000000-0000-4000-8000-00000000000${digit}`;
  writeFiles(join(data, "pods/prepared", uuid(1)), files);
  writeFiles(join(data, "pods/run", uuid(2)), { ...files, ...ran });
  writeFiles(join(data, "pods/named", uuid(3)), { ...files, ...ran, name: "sample" });
}

function writeFiles(directory: string, contents: Readonly<Record<string, string>>): void {
  for (const [name, content] of Object.entries(contents)) {
    const path = join(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
}
