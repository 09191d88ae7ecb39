/** Names of org.freedesktop.machine1(5). */
export const MACHINED = "org.freedesktop.machine1";
export const MANAGER_PATH = "/org/freedesktop/machine1";
export const MANAGER = "org.freedesktop.machine1.Manager";
export const MACHINE = "org.freedesktop.machine1.Machine";
export const NO_SUCH_MACHINE = "org.freedesktop.machine1.NoSuchMachine";
/** The bus says so where the service has ended with a call in hand. */
export const NO_REPLY = "org.freedesktop.DBus.Error.NoReply";
