/** Why a pod cannot have this kernel parameter of its own, or undefined: what does not belong to its namespaces would be the host's. */
export function sysctlFault(name: string, hostNetwork: boolean): string | undefined {
  if (/^(kernel\.(shm\w+|msg\w+|sem)|fs\.mqueue\.\w+)$/.test(name)) return undefined;
  if (!/^net\.[\w./-]+$/.test(name) || name.includes("..")) return "it is the host's own, not the pod's";
  return hostNetwork ? "with Net=host it is the host's own" : undefined;
}

export const sysctlHint = "A pod has IPC settings of its own, and network settings unless Net=host";
