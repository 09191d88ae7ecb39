/** The original's images of stage1, by their names without "coreos.com/rkt/stage1-", and what stands for them here. */
const originals: Readonly<Record<string, string>> = { coreos: "nspawn", src: "nspawn", host: "nspawn", fly: "fly", kvm: "kvm" };

/** Name of the engine that a stage1's name means: `coreos.com/rkt/stage1-fly:1.30.0` is `fly`. Other names are themselves. */
export function engineNameOf(stage1: string): string {
  const flavor = /^coreos\.com\/rkt\/stage1-([a-z]+)(?:[:,].*)?$/.exec(stage1)?.[1];
  return flavor !== undefined && Object.hasOwn(originals, flavor) ? (originals[flavor] ?? stage1) : stage1;
}
