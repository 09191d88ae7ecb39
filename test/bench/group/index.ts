import type { Group } from "../group.ts";
import { chargedGroup } from "./charged.ts";
import { collectGroup } from "./collect.ts";
import { commandsGroup } from "./commands.ts";
import { exitGroup } from "./exit.ts";
import { fetchGroup } from "./fetch.ts";
import { listGroup } from "./list.ts";
import { machinesGroup } from "./machines.ts";
import { manyGroup } from "./many.ts";
import { memoryGroup } from "./memory.ts";
import { networkCostGroup } from "./network-cost.ts";
import { networkPathGroup } from "./network-path.ts";
import { privateUsersGroup } from "./private-users.ts";
import { startGroup } from "./start.ts";

/** In the order in which they are measured and printed. */
export const groups: readonly Group[] = [
  startGroup,
  exitGroup,
  memoryGroup,
  chargedGroup,
  listGroup,
  fetchGroup,
  manyGroup,
  commandsGroup,
  collectGroup,
  networkCostGroup,
  networkPathGroup,
  privateUsersGroup,
  machinesGroup,
];
