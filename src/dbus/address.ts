import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";

export const SYSTEM_BUS = "unix:path=/run/dbus/system_bus_socket";
/** Where PID 1 itself answers root, also while no bus runs. */
export const SYSTEMD_PRIVATE = "unix:path=/run/systemd/private";

/** sun_path of unix(7), with its final NUL. */
const LONGEST_PATH = 107;

/** The socket's path of `unix:path=…`, the one kind of address that is supported. */
export function parseAddress(address: string): string {
  const path = /^unix:path=(\/[^,;:=%]*)(,guid=[0-9a-f]+)?$/.exec(address)?.[1];
  if (path === undefined) {
    throw new RktError("dbus-address", `Cannot use ${quoteText(address)} as a D-Bus address`, {
      hint: `Addresses have the form "unix:path=/run/dbus/system_bus_socket"`,
    });
  }
  if (Buffer.byteLength(path) > LONGEST_PATH) {
    throw new RktError(
      "dbus-address",
      `Cannot use ${quoteText(address)} as a D-Bus address: the path is longer than ${LONGEST_PATH} bytes`,
    );
  }
  return path;
}

/** One part of an object path, as systemd and machined make it of a name: `etcd.service` → `etcd_2eservice`. */
export function escapeLabel(name: string): string {
  if (name === "") return "_";
  return [...Buffer.from(name)].map(escapeByte).join("");
}

function escapeByte(byte: number, index: number): string {
  const character = String.fromCharCode(byte);
  const kept = index === 0 ? /[A-Za-z]/ : /[A-Za-z0-9]/;
  return kept.test(character) ? character : `_${byte.toString(16).padStart(2, "0")}`;
}
