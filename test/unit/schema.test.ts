import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { rootCommand } from "../../src/cli/command/index.ts";
import type { CommandDeclaration } from "../../src/cli/declaration.ts";
import { formatOption, prettyPrintOption } from "../../src/cli/declaration.ts";
import { formatCommandHelp } from "../../src/cli/help.ts";
import { checkDocument, checkRkt, schemaNames, schemaOf, SCHEMAS, validatorOf } from "../lib/schema.ts";
import { checkOutput } from "../lib/schema-hook.ts";

const commands = listPaths(rootCommand.commands ?? []);

function listPaths(list: readonly CommandDeclaration[], above: readonly CommandDeclaration[] = []): (readonly CommandDeclaration[])[] {
  return list.flatMap((command) => [[...above, command], ...listPaths(command.commands ?? [], [...above, command])]);
}

test("each command that prints JSON names a schema that is there, and its help says where it lies", () => {
  for (const path of commands) {
    const command = path.at(-1) ?? rootCommand;
    const options = command.options ?? [];
    assert.equal(command.schema !== undefined, options.includes(formatOption) || options.includes(prettyPrintOption), command.name);
    if (command.schema === undefined) continue;
    validatorOf(command.schema);
    assert.ok(formatCommandHelp(path).includes(`/usr/share/rkt/schema/${command.schema}.json`), command.name);
  }
});

test("each schema is a command's, or a part that others refer to", () => {
  const used = new Set(commands.map((path) => path.at(-1)?.schema));
  const texts = schemaNames.map((name) => readFileSync(join(SCHEMAS, `${name}.json`), "utf8")).join("");
  assert.deepEqual(
    schemaNames.filter((name) => !used.has(name) && !texts.includes(`"${name}.json#`)),
    [],
  );
});

interface Schema {
  readonly [key: string]: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
}

test("each object of a schema says which fields it has, no others, and what each one is", () => {
  for (const name of schemaNames) {
    const text = JSON.parse(readFileSync(join(SCHEMAS, `${name}.json`), "utf8")) as Schema;
    assert.equal(text["$schema"], "https://json-schema.org/draft/2020-12/schema", name);
    assert.equal(text["$id"], `file:///usr/share/rkt/schema/${name}.json`);
    visit(text, name);
  }
});

/** Two parts are left open, because what refers to them adds fields, and closes the whole. */
const OPEN = ["pod/$defs/pod", "top/$defs/usage"];

function visit(schema: Schema, place: string): void {
  if (schema.properties !== undefined && !OPEN.includes(place)) {
    assert.ok(schema["additionalProperties"] === false || schema["unevaluatedProperties"] === false, `${place} is open`);
  }
  for (const [field, part] of Object.entries(schema.properties ?? {})) {
    const told = part["description"] ?? part["const"] ?? part["$ref"];
    assert.ok(typeof told === "string", `${place} does not say what ${field} is`);
    if (/_at$|_time$|_usec$|_bytes$|^size$/.test(field)) {
      assert.match(told, /\b(micro|nano)?seconds\b|bytes/i, `${place}: ${field} has no unit`);
    }
  }
  for (const [key, part] of Object.entries(schema)) {
    if (typeof part === "object" && part !== null) visit(part as Schema, `${place}/${key}`);
  }
}

const uuid = "5a1c3f2e-0000-4000-8000-000000000001";
const image = `sha512-${"0".repeat(128)}`;
const app = { name: "main", state: "running", created_at: 1, image_id: image };
const pod = { name: uuid, state: "running", unit: "rkt-pod@x.service", app_names: ["main"], apps: [app], created_at: 1 };

test("a pod is as the original printed it, with what is rkt's own, and nothing else", () => {
  const network = { netName: "default", ifName: "eth0", ip: "172.16.28.2", mask: "255.255.252.0" };
  const whole = { ...pod, networks: [network], user_labels: { a: "b" }, apps: [{ ...app, finished_at: 2, exit_code: 137 }] };
  checkDocument("list", JSON.stringify([pod, whole]));
  checkDocument("status", JSON.stringify({ ...whole, pid: 7, out_of_date: false, timeline: [{ step: "app-main", ms: 3 }] }));
  const { unit: _unit, ...unitless } = pod;
  const wrong: readonly unknown[] = [
    unitless,
    { ...pod, pid: 7 },
    { ...pod, colour: "red" },
    { ...pod, state: "paused" },
    { ...pod, created_at: "1" },
    { ...pod, networks: [{ netName: "default", ip: "default:ip4=172.16.28.2" }] },
    { ...pod, networks: [{ ...network, mtu: 1500 }] },
    { ...pod, apps: [{ ...app, exit_code: 256, finished_at: 1 }] },
    { ...pod, apps: [{ ...app, exit_code: 1 }] },
    { ...pod, apps: [{ ...app, mounts: [{ name: "x", container_path: "/x" }] }] },
  ];
  for (const one of wrong)
    assert.throws(() => checkDocument("list", JSON.stringify([one])), /Not what list\.json says/, JSON.stringify(one));
  assert.throws(() => checkDocument("status", JSON.stringify({ ...pod, colour: "red" })), /Not what status\.json says/);
});

test("it is known which command lines print JSON", () => {
  const table: readonly (readonly [string, string | undefined])[] = [
    ["list --format=json", "list"],
    ["list --format json-pretty --full", "list"],
    ["--dir /x --debug image list --format=json", "image-list"],
    ["po l --format=json", "pod-list"],
    ["status x --format=json", "status"],
    ["cat-manifest x", "pod-manifest"],
    ["image cat-manifest --pretty-print=false x", "image-manifest"],
    ["list", undefined],
    ["list --format=json --help", undefined],
    ["pod verify json", undefined],
    ["nothing --format=json", undefined],
  ];
  for (const [line, name] of table) assert.equal(schemaOf(line.split(" ")), name, line);
});

test("whatever way a host's rkt is called, JSON that is wrong, cut short or followed by more fails the test", () => {
  const calls: readonly (readonly string[])[] = [
    ["rkt", "list", "--format=json"],
    ["/usr/bin/rkt", "--dir=/x", "list", "--format=json-pretty"],
    ["sh", "-euc", "rkt list --format=json"],
    ["setpriv", "--reuid=nobody", "--regid=rkt", "rkt", "list", "--format=json"],
    ["su", "member", "-c", "rkt list --format=json"],
    ["sh", "-euc", "su member -c 'rkt list --format=json'"],
    ["sh", "-c", 'exec "$@"', "sh", "rkt", "list", "--format=json"],
  ];
  const outputs = [`[{"name":"x"}]`, "", `[${JSON.stringify(pod)}`, `${JSON.stringify([pod])}\n${JSON.stringify([pod])}`];
  for (const argv of calls) {
    checkOutput(argv, { status: 0, stdout: JSON.stringify([pod]) });
    checkOutput(argv, { status: 254, stdout: "" });
    for (const stdout of outputs) assert.throws(() => checkOutput(argv, { status: 0, stdout }), argv.join(" "));
  }
  assert.throws(() => checkRkt(["list", "--format=json"], { status: 0, stdout: "[{}]" }), /Not what list\.json says/);
});

test("a script that prints JSON and more is refused, one that does neither is let alone", () => {
  const scripts = [
    "rkt list --format=json | head -1",
    "cd /; rkt list --format=json",
    "x=$(rkt cat-manifest y)",
    "su a -c 'rkt list --format=json; id'",
  ];
  for (const script of scripts) assert.throws(() => checkOutput(["sh", "-euc", script], { status: 0, stdout: "" }), /on its own/, script);
  for (const script of [
    "rkt list | head -1",
    "rkt cat-manifest x > /tmp/x",
    "rkt status x | sed -n s/json//p",
    "ls /var/lib/rkt; rkt list",
  ]) {
    checkOutput(["sh", "-euc", script], { status: 0, stdout: "x" });
  }
});

test("no test calls the program past the helper that validates", () => {
  const folder = `${import.meta.dirname}/..`;
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  const found = files.filter((file) => /import .*\brunProgram\b/.test(readFileSync(join(folder, file), "utf8")));
  assert.deepEqual(found, ["lib/program.ts"]);
});
