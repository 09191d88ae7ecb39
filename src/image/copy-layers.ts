import { quoteShell } from "../base/quote-shell.ts";

/**
 * Of sh: `lay_over LAYER TREE` copies a layer over what a tree has, as overlayfs shows them. Directories are merged, and have owner, mode and
 * time of the upper one; of anything else the upper one hides the lower one, with all that is in it. cp refuses a directory in the place of
 * something else, and the reverse: what is hidden goes first. Parents are listed before what is in them, so when it comes to a name of the
 * layer all directories that lead to it are the tree's own, whatever links it had there. (Extended attributes that the lower of two
 * directories alone has stay.)
 */
export const layOver = `lay_over() {
  (cd "$1" && exec find . -mindepth 1 -printf '%y%p\\0') | (cd "$2" && exec xargs -0 -r sh -euc '
    for entry; do
      path=\${entry#?}
      case $entry in
        d*) if [ -L "$path" ] || { [ -e "$path" ] && [ ! -d "$path" ]; }; then rm -f "$path"; fi ;;
        *) if [ -d "$path" ] && [ ! -L "$path" ]; then rm -rf --one-file-system "$path"; fi ;;
      esac
    done' sh)
  cp -a --reflink=auto --remove-destination -- "$1/." "$2"
}`;

/** Of sh, behind `layOver`: copies an image's layers, topmost first, to an empty directory that nobody else reaches; `target` is a word of sh. */
export function copyLines(layers: readonly string[], target: string): string[] {
  const [lowest, ...others] = layers.toReversed();
  if (lowest === undefined) return [];
  return [
    `cp -a --reflink=auto -- ${quoteShell(`${lowest}/.`)} ${target}`,
    ...others.map((layer) => `lay_over ${quoteShell(layer)} ${target}`),
  ];
}
