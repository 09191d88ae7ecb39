/** The parts of dbus-next's lower level that this folder uses; the package itself types only its MessageBus. */
declare module "dbus-next/lib/message.js" {
  import type { Duplex } from "node:stream";

  const module: { readonly unmarshalMessages: (stream: Duplex, receive: (message: object) => void, options: object) => void };
  export default module;
}

declare module "dbus-next/lib/marshall-compat.js" {
  const module: {
    readonly marshallMessage: (message: object) => [data: Buffer, descriptors: number[]];
    readonly messageToJsFmt: (message: object) => object;
  };
  export default module;
}

declare module "dbus-next/lib/message-type.js" {
  interface Received {
    readonly type: number;
    readonly sender?: string;
    readonly path?: string;
    readonly interface?: string;
    readonly member?: string;
    readonly errorName?: string;
    readonly replySerial?: number;
    readonly signature: string;
    readonly body: readonly unknown[];
  }
  interface Sent {
    readonly serial: number;
    readonly destination?: string | undefined;
    readonly path: string;
    readonly interface: string;
    readonly member: string;
    readonly signature: string;
    readonly body: readonly unknown[];
  }
  const module: { readonly Message: new (message: object) => Received };
  export default module;
  export type { Received, Sent };
}

declare module "dbus-next/lib/variant.js" {
  interface NativeVariant {
    readonly signature: string;
    readonly value: unknown;
  }
  const module: { readonly Variant: new (signature: string, value: unknown) => NativeVariant };
  export default module;
  export type { NativeVariant };
}

/** A stream over a unix socket that passes descriptors: what is written may be `{data, fds}`. */
declare module "usocket" {
  import type { Duplex } from "node:stream";

  const module: {
    readonly USocket: new (options: { readonly path: string } | { readonly fd: number }) => Duplex;
  };
  export default module;
}
