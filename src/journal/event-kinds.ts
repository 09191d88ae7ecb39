/** rkt's own events and the MESSAGE_ID= of each; packaging/catalog/rkt.catalog explains them to the administrator. */
export const EVENT_IDS = {
  fetched: "f6fadfa7e5c14b629362da5cc13da58a",
  verified: "2c63888f28f04481be6ddce7a7ace732",
  refused: "8a119b9e16bc47328f7b7676d015b0dc",
  applied: "bc67ba94637d4efaa09e467ada679f81",
  unapplied: "fab36728a78b4b7e8787c0de2f960063",
  removed: "a712755f6cac44d599d5269512e74f7b",
  trusted: "ac8efe121c5949f1ba2dde83458bfed0",
  "key-removed": "5796a670482c490e8d9782bfcdc83011",
  insecure: "0b80a25553a14945a93258ef7777682c",
} as const;

export type EventName = keyof typeof EVENT_IDS;

/** Names of syslog(3)'s levels, as the package that writes has them. */
export type Priority = "warning" | "notice" | "info";

/** What somebody should look at is a warning. */
export function priorityOf(name: EventName): Priority {
  if (name === "refused" || name === "insecure") return "warning";
  return name === "trusted" || name === "key-removed" ? "notice" : "info";
}
