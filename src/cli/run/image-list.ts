import { RktError } from "../../base/error.ts";
import { quoteText } from "../../base/escape.ts";
import type { StoredImage } from "../../store/image.ts";
import { openStore } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { nameImage, shortenId } from "../image-name.ts";
import type { OptionValues } from "../options.ts";
import { formatJson, parseFormat } from "../output/json.ts";
import { formatSize } from "../output/size.ts";
import { styleOf } from "../output/style.ts";
import { formatTable } from "../output/table.ts";
import { formatFullTime, formatRelativeTime } from "../output/time.ts";

export async function run(context: Context, _args: readonly string[], options: OptionValues): Promise<number> {
  const format = parseFormat(options.text("format"));
  const fields = options.list("fields").map((name) => findField(name, Object.keys(FIELDS)));
  const sort = options.list("sort").map((name) => findField(name, SORTABLE));
  const images = sortImages(openStore(context.host, context.paths.dataDir).images(), sort, options.text("order") === "desc");
  if (format !== "text") {
    context.stdout.write(formatJson(images.map(toJson), format));
    return 0;
  }
  const style = { full: options.flag("full"), now: context.host.clock.now() };
  const rows = images.map((image) => fields.map((field) => field.show(image, style)));
  context.stdout.write(
    formatTable(rows, { header: fields.map((field) => field.title), legend: !options.flag("no-legend"), style: styleOf(context) }),
  );
  return 0;
}

interface Style {
  readonly full: boolean;
  readonly now: number;
}

interface Field {
  readonly title: string;
  show(image: StoredImage, style: Style): string;
  /** What it is sorted by. */
  key(image: StoredImage): string | number;
}

const FIELDS: Readonly<Record<string, Field>> = {
  id: { title: "ID", show: (image, { full }) => (full ? image.id : shortenId(image.id)), key: (image) => image.id },
  name: { title: "NAME", show: nameImage, key: nameImage },
  size: { title: "SIZE", show: (image, { full }) => (full ? String(image.size) : formatSize(image.size)), key: (image) => image.size },
  importtime: { title: "IMPORT TIME", show: (image, style) => showTime(image.importTime, style), key: (image) => image.importTime },
  lastused: { title: "LAST USED", show: (image, style) => showTime(image.lastUsed, style), key: (image) => image.lastUsed },
};

const SORTABLE = ["name", "importtime", "lastused", "size"];

function findField(name: string, known: readonly string[]): Field {
  const field = known.includes(name) ? FIELDS[name] : undefined;
  if (field !== undefined) return field;
  throw new RktError("usage", `Cannot list images by ${quoteText(name)}: there is no such field`, {
    hint: `The fields are ${known.join(", ")}`,
  });
}

function sortImages(images: readonly StoredImage[], fields: readonly Field[], descending: boolean): StoredImage[] {
  const sorted = images.toSorted((a, b) => fields.map((field) => compare(field.key(a), field.key(b))).find((order) => order !== 0) ?? 0);
  return descending ? sorted.toReversed() : sorted;
}

function compare(a: string | number, b: string | number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function showTime(time: number, { full, now }: Style): string {
  return full ? formatFullTime(time) : formatRelativeTime(time, now);
}

/** The original's shape; times in nanoseconds. */
function toJson(image: StoredImage): unknown {
  return {
    id: image.id,
    name: nameImage(image),
    import_time: image.importTime * 1e6,
    last_used_time: image.lastUsed * 1e6,
    size: image.size,
  };
}
