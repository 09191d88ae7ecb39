/**
 * Pods in virtual machines, measured in a virtual machine that can nest them, against what nobody can do without: the same hypervisor, which
 * starts the same kernel with the same arguments and ends when that reaches an init. Both tell their first instruction at once, to who listens outside.
 */
import { prepareBox } from "../lib/box.ts";
import type { TestMachine } from "../lib/machine.ts";
import { applyPod, compileStatic } from "../lib/pod-host.ts";
import { encodeCpio } from "../../src/stage1/kvm/cpio.ts";
import type { Suite } from "../lib/suites.ts";
import { bootVm } from "../lib/vm.ts";
import { findLkvm, type HypervisorName, useHypervisor } from "../lib/vm/hypervisor.ts";
import { runLoop, type Samples } from "./driver.ts";
import { BARE_INIT, MARKS } from "./programs.ts";

export interface MachineSamples {
  readonly hypervisors: readonly HypervisorName[];
  /** "kvm" or "tcg", of the machines that are measured. */
  readonly accelerator: string;
  readonly samples: Samples;
}

/** The bare machine's command line from that of the pod's unit: the same but for what it has no use for. */
const BARE: Readonly<Record<HypervisorName, (kernel: string, parameters: string) => string>> = {
  qemu: (kernel, parameters) =>
    `qemu-system-x86_64 -nodefaults -no-user-config -display none -serial stdio -monitor none -no-reboot -machine q35 ` +
    `-accel "$accelerator" -cpu "$cpu" -smp 1 -m 256M -kernel ${kernel} -initrd /root/bare.cpio -append ${parameters}`,
  lkvm: (kernel, parameters) =>
    `env HOME=/run/bare lkvm run --nodefaults --name bare --cpus 1 --mem 256 --console serial --network mode=none ` +
    `--kernel ${kernel} --initrd /root/bare.cpio --params ${parameters}`,
};

const LOOP = `
# From the pod's hypervisor, once: the kernel and its arguments, without what is the pod's.
learn() { # NAME
    local words index word
    systemctl start "rkt-pod@$1" || systemctl start "rkt-pod@$1"
    mapfile -d '' words <"/proc/$(systemctl show -P MainPID "rkt-pod@$1")/cmdline"
    systemctl stop "rkt-pod@$1"
    accelerator=kvm cpu=host kernel= parameters=
    for index in "\${!words[@]}"; do
        case \${words[index]} in
            -accel) accelerator=\${words[index + 1]} ;;
            -cpu) cpu=\${words[index + 1]} ;;
            -kernel|--kernel) kernel=\${words[index + 1]} ;;
            -append|--params) for word in \${words[index + 1]}; do [[ $word == systemd* || $word == rkt* ]] || parameters+="$word "; done ;;
        esac
    done
}
# A machine in an emulated machine is lost now and then: that sample is, too. Not many are.
losses=0
lost() { # ROW
    sample "$1" lost 1; losses=$((losses + 1))
    (( losses <= most_losses )) || { echo "$1 is the last of $losses machines of which nothing was heard" >&2; exit 1; }
}
# The app's word, or the pod's failure.
hear() { # NAME
    local last=$((SECONDS + 120))
    while (( SECONDS < last )); do
        if read -t 2 -r word mono forked init systemd sent <&"$listen"; then
            [[ $word != stamp ]] || return 0
        elif systemctl is-failed --quiet "rkt-pod@$1"; then
            return 1
        fi
    done
    return 1
}
bare() { # ROW COMMAND…
    local row=$1 t0 t1 word='' mono; shift
    mkdir -p /run/bare; rm -f /run/bare/.lkvm/*
    settle; t0=\${EPOCHREALTIME/[.,]/}
    while read -t 120 -r word mono; do
        [[ $word != stamp ]] || { t1=\${EPOCHREALTIME/[.,]/}; mono=\${mono%$'\\r'}; break; }
    done < <("$@" </dev/null 2>&1)
    [[ $word == stamp ]] || { lost "$row"; return 0; }
    sample_ms "$row" toApp $((t1 - t0)); sample_ms "$row" hypervisor $((t1 - t0 - mono)); sample_ms "$row" kernel $mono
}
pod() { # ROW NAME
    local row=$1 name=$2 t0 t1 t2 word='' mono forked init systemd sent group pss=0 kib pid
    settle; t0=\${EPOCHREALTIME/[.,]/}
    systemctl start --no-block "rkt-pod@$name"
    hear "$name" || { lost "$row"; systemctl stop "rkt-pod@$name"; systemctl reset-failed "rkt-pod@$name" 2>/dev/null || :; return 0; }
    t2=\${EPOCHREALTIME/[.,]/}; t2=$((t2 - (sent - mono)))
    while [[ $(systemctl is-active "rkt-pod@$name") == activating ]]; do nap 0.2; done
    t1=$(date -d "$(systemctl show --timestamp=us -P ExecMainStartTimestamp "rkt-pod@$name")" +%s%6N)
    sample_ms "$row" toApp $((t2 - t0)); sample_ms "$row" unit $((t1 - t0)); sample_ms "$row" hypervisor $((t2 - mono - t1))
    sample_ms "$row" kernel "$init"; sample_ms "$row" initrd $((systemd - init)); sample_ms "$row" systemd $((forked - systemd))
    sample_ms "$row" app $((mono - forked))
    settle
    group=/sys/fs/cgroup$(systemctl show -P ControlGroup "rkt-pod@$name")
    for pid in $(cat "$group/cgroup.procs"); do
        while read -r word kib _; do [[ $word != Pss: ]] || pss=$((pss + kib)); done <"/proc/$pid/smaps_rollup"
    done
    sample_mb "$row" memory $pss; sample_mb "$row" charged $(($(cat "$group/memory.current") / 1024))
    systemctl stop "rkt-pod@$name"
}
`;

/** Boots a virtual machine of its own, and so waits until no other one runs. */
export async function measureMachines(suite: Suite, rounds: number): Promise<MachineSamples> {
  const hypervisors: readonly HypervisorName[] = findLkvm() === undefined ? ["qemu"] : ["qemu", "lkvm"];
  await using vm = await bootVm({ suite });
  await prepareBox(vm, { files: { marks: await compileStatic(MARKS) } });
  await vm.write("/root/bare.cpio", bareArchive(await compileStatic(BARE_INIT)));
  const pod = "Net=none\n[App main]\nImage=/root/images/box.aci\nExec=/marks\nCapabilityRetain=CAP_SYSLOG\nSeccomp=mode=remove,reboot\n";
  for (const hypervisor of hypervisors) {
    await useHypervisor(vm, hypervisor);
    await applyPod(vm, hypervisor, `[Pod]\nStage1=kvm:${hypervisor}\n${pod}`);
  }
  const steps = hypervisors.flatMap((name) => [
    `learn_${name}; bare bare-${name} ${BARE[name]('"$kernel"', '"$parameters"')}`,
    `pod pod-${name} ${name}`,
  ]);
  const functions = [
    `most_losses=${Math.max(5, rounds)}`,
    LOOP,
    // What the units say does not change.
    ...hypervisors.map(
      (name) =>
        `learn ${name}; eval "learn_${name}() { $(declare -p kernel parameters accelerator cpu | sed 's/^declare --/declare -g/'); }"`,
    ),
    // What it holds open would keep the connection to the machine.
    "exec {listen}< <(exec socat -u VSOCK-LISTEN:29299,fork -); listener=$!; trap 'kill $listener' EXIT",
  ].join("\n");
  const samples = await runLoop(vm, { functions, steps, rounds });
  return { hypervisors, accelerator: await acceleratorOf(vm), samples };
}

async function acceleratorOf(vm: TestMachine): Promise<string> {
  return /-accel (\w+)/.exec(await vm.sh("systemctl show -P ExecStart rkt-pod@qemu"))?.[1] ?? "kvm";
}

function bareArchive(init: Uint8Array): Uint8Array {
  return encodeCpio([
    { kind: "directory", path: "dev", mode: 0o755 },
    { kind: "character", path: "dev/console", mode: 0o600, major: 5, minor: 1 },
    { kind: "file", path: "init", mode: 0o755, content: Buffer.from(init) },
  ]);
}
