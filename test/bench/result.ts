/** What a group found, in the words that table, JSON and picture are made of. */
export interface Figure {
  readonly key: string;
  readonly title: string;
  readonly unit: "ms" | "MB" | "µs" | "Gbit/s" | "processes";
  /** Has a panel in the picture. */
  readonly drawn?: true;
}

export interface Row {
  readonly key: string;
  readonly title: string;
  /** Key of a figure → its samples, in the figure's unit. */
  readonly samples: Readonly<Record<string, readonly number[]>>;
  /** Why there are none. */
  readonly absent?: string;
}

/** A target of the product: a median, or its ratio to that of another row, at most this. */
export interface Target {
  readonly title: string;
  readonly figure: string;
  readonly of: string;
  readonly to?: string;
  readonly atMost: number;
}

export type Mode = "as mounted" | "favordynmods";

export interface Result {
  readonly suite: string;
  readonly systemd: string;
  readonly mode: Mode;
  readonly group: string;
  readonly title: string;
  readonly figures: readonly Figure[];
  /** Key of the row that the others are set in relation to. */
  readonly base: string;
  readonly rows: readonly Row[];
  readonly targets: readonly Target[];
  readonly notes: readonly string[];
}
