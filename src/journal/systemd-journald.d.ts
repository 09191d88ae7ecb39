/** The part of the package that is used: an entry of a priority, with fields. */
declare module "systemd-journald" {
  type Write = (message: string, fields: Readonly<Record<string, string>>) => void;
  const Journald: { readonly warning: Write; readonly notice: Write; readonly info: Write };
  export default Journald;
}
