/**
 * The modules of dbus-next that are used: its lower level, which loads neither XML nor X11 parts. Loaded at the first
 * connection, because that costs as much as half of Node's own start.
 */
export async function loadLibrary() {
  const [reader, marshalling, message, native] = await Promise.all([
    import("dbus-next/lib/message.js"),
    import("dbus-next/lib/marshall-compat.js"),
    import("dbus-next/lib/message-type.js"),
    import("dbus-next/lib/variant.js"),
  ]);
  return {
    unmarshalMessages: reader.default.unmarshalMessages,
    marshallMessage: marshalling.default.marshallMessage,
    messageToJsFmt: marshalling.default.messageToJsFmt,
    Message: message.default.Message,
    Variant: native.default.Variant,
  };
}

export type Library = Awaited<ReturnType<typeof loadLibrary>>;
