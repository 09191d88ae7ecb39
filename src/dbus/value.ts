import type { NativeVariant } from "dbus-next/lib/variant.js";

/** A value together with its type, where a method asks for a variant: `variant("s", "text")`. */
export class Variant {
  readonly signature: string;
  readonly value: unknown;

  constructor(signature: string, value: unknown) {
    this.signature = signature;
    this.value = value;
  }
}

export function variant(signature: string, value: unknown): Variant {
  return new Variant(signature, value);
}

export type VariantClass = new (signature: string, value: unknown) => NativeVariant;

/** A body as dbus-next wants it: our variants become its own. */
export function toNative(value: unknown, native: VariantClass): unknown {
  if (value instanceof Variant) return new native(value.signature, toNative(value.value, native));
  if (Array.isArray(value)) return value.map((item) => toNative(item, native));
  if (!isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toNative(item, native)]));
}

/** A body as dbus-next gives it: its variants become their values. */
export function fromNative(value: unknown, native: VariantClass): unknown {
  if (value instanceof native) return fromNative(value.value, native);
  if (Array.isArray(value)) return value.map((item) => fromNative(item, native));
  if (!isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fromNative(item, native)]));
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
