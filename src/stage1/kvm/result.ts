import type { EnginePlan, PodDescription } from "../../pod/engine.ts";
import { unitVariable, wordsDirectory } from "./service.ts";
import { cidFile } from "./start-checks.ts";
import type { Hypervisor } from "./hypervisor/hypervisor.ts";

/** How the apps ended is how the pod ended: a hypervisor's own status proves nothing. */
export function resultCommands(pod: PodDescription, driver: Hypervisor | undefined): NonNullable<EnginePlan["result"]> {
  return {
    read: [
      unitVariable(pod),
      `guest=${wordsDirectory(pod)}`,
      ...deathLines(driver),
      'if [ "$engine" = success ]; then',
      '  if [ -e "$guest/exits" ]; then',
      "    EXIT_CODE=exited EXIT_STATUS=0",
      "    while read -r app code status result; do",
      '      echo "$code $status $result" > "$pod/status/$app"',
      '      [ "$result" = success ] || [ "$SERVICE_RESULT" != success ] || EXIT_CODE=$code EXIT_STATUS=$status SERVICE_RESULT=$result',
      '    done < "$guest/exits"',
      // A job is in no state of its own before its apps run; and who stops it then has no crash.
      `  elif [ -e "$guest/ran" ] || ! systemctl list-jobs --plain --no-legend -- "$unit" | grep -Eq ' (stop|restart) '; then`,
      "    SERVICE_RESULT=exit-code EXIT_CODE=exited EXIT_STATUS=254",
      "    echo 'The virtual machine ended without a word on its apps: its kernel or its systemd has crashed' >&2",
      "  fi",
      'elif [ "$engine" = protocol ] && [ ! -e "$guest/ran" ]; then',
      "  echo 'The virtual machine ended before its apps ran: its kernel or its systemd has crashed, and its last words stand above' >&2",
      "fi",
      // Not that of the apps.
      'if [ "$engine" != success ] && [ "${EXIT_CODE:-}${EXIT_STATUS:-}" = exited0 ]; then EXIT_STATUS=254; fi',
      `if [ "$(cat ${cidFile(pod)} 2>/dev/null)" = ${pod.uuid} ]; then rm -f ${cidFile(pod)}; fi`,
    ],
    end: [
      '[ "$engine" = success ] || exit 0',
      'case "$SERVICE_RESULT $EXIT_CODE $EXIT_STATUS" in',
      '  "success "*) exit 0;;',
      '  *" exited "*) exit "$EXIT_STATUS";;',
      '  *" killed "*|*" dumped "*) kill -"$EXIT_STATUS" $$;;',
      "esac",
      "exit 254",
    ],
  };
}

/** Why no machine came to be, as far as the status of its hypervisor tells. */
function deathLines(driver: Hypervisor | undefined): string[] {
  const cases = Object.entries(driver?.statuses ?? {}).map(
    ([status, reason]) => `exit-code:${status}) echo 'There is no virtual machine, ${driver?.name} says why: ${reason}' >&2;;`,
  );
  return cases.length === 0 ? [] : [`case "$engine:\${EXIT_STATUS:-}" in ${cases.join(" ")} esac`];
}
