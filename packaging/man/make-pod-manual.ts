/** `node packaging/man/make-pod-manual.ts`: writes rkt.pod.5 beside this file. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { formatPodPage } from "./pod-page.ts";

writeFileSync(join(import.meta.dirname, "rkt.pod.5"), formatPodPage());
