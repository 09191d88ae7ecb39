import { type Variant, variant } from "../dbus/value.ts";

/** Properties of a transient unit, in order, as StartTransientUnit takes them. */
export type UnitProperties = readonly (readonly [name: string, value: Variant])[];

/** ExecStart= and its relatives, taken literally: nothing in it is expanded. argv[0] is the program's path. */
export function execProperty(name: string, argv: readonly string[]): readonly [string, Variant] {
  return [`${name}Ex`, variant("a(sasas)", [[argv[0] ?? "", argv, ["no-env-expand"]]])];
}

export function textProperty(name: string, value: string): readonly [string, Variant] {
  return [name, variant("s", value)];
}

export function listProperty(name: string, values: readonly string[]): readonly [string, Variant] {
  return [name, variant("as", values)];
}

export function flagProperty(name: string, value: boolean): readonly [string, Variant] {
  return [name, variant("b", value)];
}

/** StandardInputFileDescriptor= and its relatives: the connection must pass descriptors. */
export function descriptorProperty(name: string, descriptor: number): readonly [string, Variant] {
  return [name, variant("h", descriptor)];
}
