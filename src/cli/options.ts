/** The options of one call. Names are those of the declarations; asking for another one is a defect and throws. */
export interface OptionValues {
  /** Of a "flag". */
  flag(name: string): boolean;
  /** Of a "text" or "optional": the last one given, else the declared fallback. */
  text(name: string): string | undefined;
  /** Of a "list" or "values": all given, in order. */
  list(name: string): readonly string[];
  given(name: string): boolean;
}
