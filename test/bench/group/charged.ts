import type { Group } from "../group.ts";
import { type Memory, measurePodMemory, type PodMemory } from "../vm-memory.ts";

const parts: Readonly<Record<string, (memory: PodMemory) => Memory>> = {
  rest: ({ rest }) => rest,
  nspawn: ({ parts: { nspawn } }) => nspawn,
  systemd: ({ parts: { systemd } }) => systemd,
  journald: ({ parts: { journald } }) => journald,
  other: ({ parts: { other } }) => other,
};

const titles: Readonly<Record<string, string>> = {
  rest: "pod without its app",
  nspawn: "  nspawn",
  systemd: "  systemd",
  journald: "  journald",
  other: "  before they were moved",
};

/** Hosts in containers have no controllers: this is a virtual machine's. */
export const chargedGroup: Group = {
  key: "v",
  title: "memory of a running idle pod beside its app, by control group, in a virtual machine",
  figures: [
    { key: "total", title: "charged", unit: "MB", drawn: true },
    { key: "anonymous", title: "anonymous", unit: "MB" },
    { key: "proportional", title: "PSS", unit: "MB" },
  ],
  base: "rest",
  targets: [{ title: "a pod alone", figure: "total", of: "rest", atMost: 5 }],
  async measure({ suite }, rounds) {
    const samples = await measurePodMemory(suite, rounds);
    const megabytes = (pick: (memory: PodMemory) => Memory, key: keyof Memory): number[] =>
      samples.map((memory) => pick(memory)[key] / 1e6);
    const rows = Object.entries(parts).map(([key, pick]) => ({
      key,
      title: titles[key] ?? key,
      samples: {
        total: megabytes(pick, "total"),
        anonymous: megabytes(pick, "anonymous"),
        proportional: megabytes(pick, "proportional"),
      },
    }));
    return { rows };
  },
};
