/** Keys of systemd.resource-control(5) that concern limits and accounting of one unit; `Delegate=` is rkt's own business. */
const RESOURCE_KEYS: readonly string[] = [
  ...["CPUAccounting", "CPUWeight", "StartupCPUWeight", "CPUQuota", "CPUQuotaPeriodSec"],
  ...["AllowedCPUs", "StartupAllowedCPUs", "AllowedMemoryNodes", "StartupAllowedMemoryNodes"],
  ...["MemoryAccounting", "MemoryMin", "MemoryLow", "StartupMemoryLow", "MemoryHigh", "StartupMemoryHigh", "MemoryMax", "StartupMemoryMax"],
  ...["MemorySwapMax", "StartupMemorySwapMax", "MemoryZSwapMax", "StartupMemoryZSwapMax", "MemoryZSwapWriteback"],
  ...["MemoryPressureWatch", "MemoryPressureThresholdSec"],
  ...["TasksAccounting", "TasksMax"],
  ...["IOAccounting", "IOWeight", "StartupIOWeight", "IODeviceWeight", "IODeviceLatencyTargetSec"],
  ...["IOReadBandwidthMax", "IOWriteBandwidthMax", "IOReadIOPSMax", "IOWriteIOPSMax"],
];

/** Also of systemd.resource-control(5), but only of use for the unit as a whole. */
const POD_RESOURCE_KEYS: readonly string[] = [
  ...["IPAccounting", "IPAddressAllow", "IPAddressDeny", "IPIngressFilterPath", "IPEgressFilterPath", "BPFProgram"],
  ...["SocketBindAllow", "SocketBindDeny", "RestrictNetworkInterfaces", "NFTSet", "DeviceAllow", "DevicePolicy", "DisableControllers"],
  ...["DefaultMemoryMin", "DefaultMemoryLow", "DefaultStartupMemoryLow"],
  ...[
    "ManagedOOMSwap",
    "ManagedOOMMemoryPressure",
    "ManagedOOMMemoryPressureLimit",
    "ManagedOOMMemoryPressureDurationSec",
    "ManagedOOMPreference",
  ],
];

const SCHEDULING_KEYS: readonly string[] = [
  ...["Nice", "CPUSchedulingPolicy", "CPUSchedulingPriority", "CPUSchedulingResetOnFork", "CPUAffinity"],
  ...["IOSchedulingClass", "IOSchedulingPriority"],
];

/** [Service]: what concerns the pod's unit as a whole, passed on as written. */
export const SERVICE_KEYS: readonly string[] = [
  ...["Restart", "RestartSec", "RestartSteps", "RestartMaxDelaySec", "RestartMode"],
  ...["RestartPreventExitStatus", "RestartForceExitStatus", "RestartKillSignal"],
  ...["StartLimitIntervalSec", "StartLimitInterval", "StartLimitBurst", "StartLimitAction"],
  ...["TimeoutStartSec", "TimeoutStopSec", "RuntimeMaxSec", "RuntimeRandomizedExtraSec", "Slice", "SyslogIdentifier"],
  ...["OOMScoreAdjust", "OOMPolicy"],
  ...SCHEDULING_KEYS,
  ...RESOURCE_KEYS,
  ...POD_RESOURCE_KEYS,
  ...["LoadCredential", "LoadCredentialEncrypted", "SetCredential", "SetCredentialEncrypted", "ImportCredential"],
  ...["ExecStartPre", "ExecStartPost", "ExecStopPost"],
];

/** systemd's own keys that an [App] may hold: they go to the app's unit in the pod. */
export const APP_DIRECTIVES: readonly string[] = [
  ...RESOURCE_KEYS,
  ...SCHEDULING_KEYS,
  ...["LimitCPU", "LimitFSIZE", "LimitDATA", "LimitSTACK", "LimitCORE", "LimitRSS", "LimitNOFILE", "LimitAS", "LimitNPROC"],
  ...["LimitMEMLOCK", "LimitLOCKS", "LimitSIGPENDING", "LimitMSGQUEUE", "LimitNICE", "LimitRTPRIO", "LimitRTTIME"],
  ...["OOMPolicy", "UMask"],
];

/** [Socket]: keys of systemd.socket(5) that make sense for a socket handed to a pod, and `App=`. */
export const SOCKET_KEYS: readonly string[] = [
  ...[
    "App",
    "ListenStream",
    "ListenDatagram",
    "ListenSequentialPacket",
    "Accept",
    "SocketProtocol",
    "BindIPv6Only",
    "Backlog",
    "BindToDevice",
  ],
  ...[
    "SocketUser",
    "SocketGroup",
    "SocketMode",
    "DirectoryMode",
    "KeepAlive",
    "KeepAliveTimeSec",
    "KeepAliveIntervalSec",
    "KeepAliveProbes",
  ],
  ...["NoDelay", "Priority", "DeferAcceptSec", "ReceiveBuffer", "SendBuffer", "IPTOS", "IPTTL", "Mark", "ReusePort"],
  ...["FreeBind", "Transparent", "Broadcast", "PassCredentials", "PassSecurity", "PassPacketInfo", "Timestamping", "TCPCongestion"],
  ...["ExecStartPre", "ExecStartPost", "ExecStopPre", "ExecStopPost", "TimeoutSec", "Symlinks", "FlushPending"],
  ...["TriggerLimitIntervalSec", "TriggerLimitBurst", "PollLimitIntervalSec", "PollLimitBurst"],
];

/** [Unit]: all keys pass, those not listed here with a warning, since systemd would skip them. */
export const UNIT_KEYS: readonly string[] = [
  ...["Description", "Documentation", "SourcePath", "Wants", "Requires", "Requisite", "BindsTo", "PartOf", "Upholds", "Conflicts"],
  ...["Before", "After", "OnFailure", "OnSuccess", "PropagatesReloadTo", "ReloadPropagatedFrom", "PropagatesStopTo", "StopPropagatedFrom"],
  ...["JoinsNamespaceOf", "RequiresMountsFor", "WantsMountsFor", "OnFailureJobMode", "OnSuccessJobMode", "IgnoreOnIsolate"],
  ...["StopWhenUnneeded", "RefuseManualStart", "RefuseManualStop", "AllowIsolate", "DefaultDependencies", "SurviveFinalKillSignal"],
  ...["CollectMode", "FailureAction", "SuccessAction", "FailureActionExitStatus", "SuccessActionExitStatus", "JobTimeoutSec"],
  ...["JobRunningTimeoutSec", "JobTimeoutAction", "JobTimeoutRebootArgument", "RebootArgument"],
  ...["StartLimitIntervalSec", "StartLimitInterval", "StartLimitBurst", "StartLimitAction"],
  ...["Architecture", "Virtualization", "Host", "KernelCommandLine", "KernelVersion", "Version", "Credential", "Environment", "Security"]
    .concat(["Capability", "ACPower", "NeedsUpdate", "FirstBoot", "PathExists", "PathExistsGlob", "PathIsDirectory", "PathIsSymbolicLink"])
    .concat([
      "PathIsMountPoint",
      "PathIsReadWrite",
      "PathIsEncrypted",
      "DirectoryNotEmpty",
      "FileNotEmpty",
      "FileIsExecutable",
      "User",
      "Group",
    ])
    .concat([
      "ControlGroupController",
      "Memory",
      "CPUs",
      "CPUFeature",
      "OSRelease",
      "MemoryPressure",
      "CPUPressure",
      "IOPressure",
      "Firmware",
    ])
    .flatMap((name) => [`Condition${name}`, `Assert${name}`]),
];

/** The same for [Install]. */
export const INSTALL_KEYS: readonly string[] = ["Alias", "WantedBy", "RequiredBy", "UpheldBy", "Also", "DefaultInstance"];
