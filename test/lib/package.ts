import { spawn } from "node:child_process";
import { join } from "node:path";

export interface PackageOptions {
  /** Another version than package.json's, for tests of upgrades. */
  readonly version?: string;
  /** Global names of the sources → JSON that replaces them in the bundle. */
  readonly defines?: Readonly<Record<string, string>>;
}

const made = new Map<string, Promise<string>>();

/** Path of rkt's .deb, built from this checkout in its fast form; instant when nothing changed. RKT_DEB names another one. */
export function providePackage(options: PackageOptions = {}): Promise<string> {
  const { version, defines = {} } = options;
  const given = process.env["RKT_DEB"];
  if (given !== undefined && version === undefined) return Promise.resolve(given);
  const defined = Object.entries(defines).map(([name, value]) => `--define=${name}=${value}`);
  const argv = ["--fast", ...(version === undefined ? [] : [`--version=${version}`]), ...defined];
  const key = argv.join(" ");
  const result = made.get(key) ?? build(argv);
  made.set(key, result);
  return result;
}

function build(argv: readonly string[]): Promise<string> {
  const script = join(import.meta.dirname, "../../packaging/build/main.ts");
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...argv], { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.on("data", (bytes: Buffer) => (text += bytes.toString()));
    child.on("error", reject);
    child.on("close", (code) => (code === 0 ? resolve(text.trim()) : reject(new Error(`Cannot build the package: ended with ${code}`))));
  });
}
