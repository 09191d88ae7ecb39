/* Tells all that an app sees of where it runs, and what it may do there: lines of a key, a tab and a value. Then it waits for its end. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static void say(const char *what, const char *name, const char *value) {
  printf("%s%s%s\t", what, *name ? " " : "", name);
  for (; *value; value++) putchar(*value == '\n' || *value == '\t' ? ' ' : *value);
  putchar('\n');
}

static const char *text_of(const char *path) {
  static char text[65536];
  int fd = open(path, O_RDONLY);
  ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
  if (length < 0) snprintf(text, sizeof text, "(%s)", strerrorname_np(errno));
  else text[length] = 0;
  if (fd >= 0) close(fd);
  while (length > 0 && text[length - 1] == '\n') text[--length] = 0;
  return text;
}

static const char *link_of(const char *path) {
  static char target[4096];
  ssize_t length = readlink(path, target, sizeof target - 1);
  target[length < 0 ? 0 : length] = 0;
  /* socket:[12345] */
  target[strcspn(target, "[")] = 0;
  return target;
}

static void tell_process(void) {
  static const char *const files[] = {"oom_score_adj", "loginuid", "coredump_filter", "personality", "timens_offsets", "uid_map", "gid_map",
                                      "setgroups", "cgroup", "attr/current"};
  static const char *const fields[] = {"Uid", "Gid", "Groups", "Umask", "SigBlk", "SigIgn", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb",
                                       "NoNewPrivs", "Seccomp", "Mems_allowed_list", "THP_enabled"};
  char path[300], line[1000], number[64];
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    snprintf(path, sizeof path, "/proc/self/%s", files[i]);
    say("process", files[i], text_of(path));
  }
  FILE *file = fopen("/proc/self/status", "r");
  while (file && fgets(line, sizeof line, file)) {
    char *value = strchr(line, ':');
    *value++ = 0;
    value[strcspn(value, "\n")] = 0;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
      if (strcmp(fields[i], line) == 0) say("process", line, value + strspn(value, "\t "));
  }
  file = freopen("/proc/self/limits", "r", file);
  if (file && fgets(line, sizeof line, file))
    while (fgets(line, sizeof line, file)) {
      line[68] = line[25] = 0;
      for (int end = 24; end > 0 && line[end] == ' '; end--) line[end] = 0;
      sscanf(line + 26, "%31s %31s", number, number + 32);
      snprintf(path, sizeof path, "%s, at most %s", number, number + 32);
      say("limit", line, path);
    }
  snprintf(path, sizeof path, "%d, %s, io %ld", getpriority(PRIO_PROCESS, 0), sched_getscheduler(0) == SCHED_OTHER ? "other" : "not other",
           syscall(SYS_ioprio_get, 1, 0));
  say("process", "priority", path);
  say("process", "leads its session", getsid(0) == getpid() && getpgrp() == getpid() ? "yes" : "no");
  say("process", "has a terminal", open("/dev/tty", O_RDWR) < 0 ? "no" : "yes");
  snprintf(path, sizeof path, "/proc/%d/comm", getppid());
  say("process", "parent", text_of(path));
  say("process", "working directory", get_current_dir_name());
  for (int fd = 0; fd < 3; fd++) {
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    snprintf(line, sizeof line, "%s %s", link_of(path), (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR ? "read and write" : "one way");
    snprintf(number, sizeof number, "%d", fd);
    say("descriptor", number, line);
  }
  int more = 0;
  for (int fd = 3; fd < 100; fd++) more += fcntl(fd, F_GETFD) >= 0 && (snprintf(path, sizeof path, "/proc/self/fd/%d", fd), strncmp(link_of(path), "/proc", 5)) != 0;
  snprintf(number, sizeof number, "%d", more);
  say("descriptor", "others", number);
  say("process", "1", text_of("/proc/1/comm"));
  say("process", "kernel threads", strcmp(text_of("/proc/2/comm"), "kthreadd") == 0 ? "seen" : "not seen");
}

static void tell_file(const char *path) {
  struct stat stat;
  char value[4200];
  if (lstat(path, &stat) < 0) return;
  static const char *const kinds[16] = {[1] = "fifo", [2] = "character", [4] = "directory", [6] = "block", [8] = "file", [10] = "link", [12] = "socket"};
  int kind = stat.st_mode >> 12;
  if (kind == 10) snprintf(value, sizeof value, "link to %s", link_of(path));
  else if (kind == 2 || kind == 6) snprintf(value, sizeof value, "%s %u:%u %o %u:%u", kinds[kind], major(stat.st_rdev), minor(stat.st_rdev), stat.st_mode & 07777, stat.st_uid, stat.st_gid);
  else snprintf(value, sizeof value, "%s %o %u:%u", kinds[kind], stat.st_mode & 07777, stat.st_uid, stat.st_gid);
  say("file", path, value);
}

static void tell_tree(const char *path, int depth) {
  struct dirent *entry;
  DIR *directory = opendir(path);
  tell_file(path);
  while (directory && (entry = readdir(directory))) {
    char below[4096];
    if (entry->d_name[0] == '.' || (strcmp(path, "/dev/pts") == 0 && entry->d_name[0] != 'p')) continue;
    snprintf(below, sizeof below, "%s/%s", strcmp(path, "/") == 0 ? "" : path, entry->d_name);
    if (entry->d_type == DT_DIR && depth > 1) tell_tree(below, depth - 1);
    else tell_file(below);
  }
  if (directory) closedir(directory);
}

static void tell_mounts(void) {
  char line[4096], target[2048], options[256], value[300], kind[64], *rest;
  FILE *file = fopen("/proc/self/mountinfo", "r");
  while (file && fgets(line, sizeof line, file)) {
    if (sscanf(line, "%*s %*s %*s %*s %2047s %255s", target, options) != 2 || (rest = strstr(line, " - ")) == NULL) continue;
    sscanf(rest, " - %63s", kind);
    value[0] = 0;
    for (char *word = strtok(options, ","); word; word = strtok(NULL, ","))
      if (strstr(word, "atime") == NULL) strcat(strcat(value, *value ? "," : ""), word);
    say("mount", target, value);
    if (strcmp(target, "/") == 0 || strncmp(target, "/data", 5) == 0 || strncmp(target, "/s", 2) == 0 || strncmp(target, "/k", 2) == 0) say("mounted is", target, kind);
  }
}

static void tell_texts(void) {
  static const char *const texts[] = {"/etc/hosts", "/etc/resolv.conf", "/etc/hostname", "/etc/machine-id", "/etc/os-release", "/etc/localtime"};
  static const char *const kernel[] = {
    "sys/fs/inotify/max_queued_events", "sys/fs/inotify/max_user_instances", "sys/fs/inotify/max_user_watches", "sys/fs/nr_open", "sys/fs/pipe-max-size",
    "sys/fs/protected_fifos", "sys/fs/protected_hardlinks", "sys/fs/protected_regular", "sys/fs/protected_symlinks", "sys/fs/suid_dumpable",
    "sys/kernel/core_pattern", "sys/kernel/dmesg_restrict", "sys/kernel/domainname", "sys/kernel/kptr_restrict", "sys/kernel/msgmax",
    "sys/kernel/perf_event_paranoid", "sys/kernel/pid_max", "sys/kernel/randomize_va_space", "sys/kernel/sem", "sys/kernel/shmmax", "sys/kernel/sysrq",
    "sys/kernel/threads-max", "sys/kernel/unprivileged_bpf_disabled", "sys/kernel/unprivileged_userns_clone", "sys/kernel/yama/ptrace_scope",
    "sys/net/core/somaxconn", "sys/net/core/rmem_max", "sys/net/ipv4/ip_forward", "sys/net/ipv4/ip_local_port_range", "sys/net/ipv4/ip_unprivileged_port_start",
    "sys/net/ipv4/ping_group_range", "sys/net/ipv4/tcp_keepalive_time", "sys/net/ipv6/conf/all/disable_ipv6", "sys/user/max_user_namespaces",
    "sys/vm/max_map_count", "sys/vm/mmap_min_addr", "sys/vm/overcommit_memory", "sys/vm/swappiness"};
  static const char *const masked[] = {"/proc/acpi", "/proc/kallsyms", "/proc/kcore", "/proc/keys", "/proc/kmsg", "/proc/sysrq-trigger", "/proc/timer_list",
                                       "/sys/firmware", "/sys/fs/bpf", "/sys/fs/pstore", "/sys/kernel/security", "/sys/module", "/sys/power"};
  static const char *const writable[] = {"/", "/etc", "/tmp", "/var/tmp", "/run", "/dev", "/dev/shm", "/dev/mqueue", "/sys", "/sys/fs/cgroup", "/proc/sys/kernel/domainname",
                                         "/proc/sys/net/ipv4/ip_forward", "/proc/sysrq-trigger", "/data", "/keep", "/state", "/small"};
  char path[300];
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) say("text of", texts[i], text_of(texts[i]));
  for (size_t i = 0; i < sizeof kernel / sizeof *kernel; i++) {
    snprintf(path, sizeof path, "/proc/%s", kernel[i]);
    say("setting", kernel[i] + 4, text_of(path));
  }
  for (size_t i = 0; i < sizeof masked / sizeof *masked; i++) {
    DIR *directory = opendir(masked[i]);
    int entries = 0;
    while (directory && readdir(directory)) entries++;
    int fd = directory ? -1 : open(masked[i], O_RDONLY | O_NONBLOCK);
    char byte;
    say("reads", masked[i], directory ? (entries > 2 ? "something" : "nothing") : fd < 0 ? strerrorname_np(errno) : read(fd, &byte, 1) > 0 ? "something" : "nothing");
    if (directory) closedir(directory);
    if (fd >= 0) close(fd);
  }
  for (size_t i = 0; i < sizeof writable / sizeof *writable; i++) say("writes", writable[i], access(writable[i], W_OK) == 0 ? "yes" : strerrorname_np(errno));
}

static void tell_machine(void) {
  struct utsname name;
  struct sysinfo info;
  char value[200];
  uname(&name), sysinfo(&info);
  say("machine", "kernel", name.sysname), say("machine", "architecture", name.machine);
  say("machine", "release of the kernel", name.release);
  say("machine", "host name", name.nodename), say("machine", "domain name", name.domainname);
  say("machine", "boot id", text_of("/proc/sys/kernel/random/boot_id"));
  snprintf(value, sizeof value, "%ld", sysconf(_SC_NPROCESSORS_ONLN)), say("machine", "processors", value);
  snprintf(value, sizeof value, "%lu MiB", info.totalram >> 20), say("machine", "memory", value);
  snprintf(value, sizeof value, "%lu MiB", info.totalswap >> 20), say("machine", "swap", value);
  say("machine", "clock", text_of("/sys/devices/system/clocksource/clocksource0/current_clocksource"));
  time_t now = time(NULL);
  strftime(value, sizeof value, "%Z", localtime(&now)), say("machine", "time zone", value);
  char group[4096] = "/sys/fs/cgroup", path[5000];
  const char *own = strstr(text_of("/proc/self/cgroup"), "0::");
  strcat(group, own ? own + 3 : "");
  static const char *const files[] = {"cgroup.controllers", "cgroup.type", "memory.max", "memory.high", "pids.max", "cpu.max", "cpu.weight"};
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) snprintf(path, sizeof path, "%s/%s", group, files[i]), say("control group", files[i], text_of(path));
}

static void tell_network(void) {
  struct ifaddrs *list = NULL;
  char text[100], name[200], line[300], device[64];
  unsigned destination, gateway, mask;
  getifaddrs(&list);
  for (struct ifaddrs *each = list; each; each = each->ifa_next) {
    int family = each->ifa_addr ? each->ifa_addr->sa_family : 0;
    if (family != AF_INET && family != AF_INET6) continue;
    inet_ntop(family, family == AF_INET ? (void *)&((struct sockaddr_in *)each->ifa_addr)->sin_addr : &((struct sockaddr_in6 *)each->ifa_addr)->sin6_addr, text, sizeof text);
    snprintf(name, sizeof name, "%s %s", each->ifa_name, strncmp(text, "fe80", 4) == 0 ? "of the link" : text);
    say("address", name, each->ifa_flags & IFF_UP ? "up" : "down");
  }
  struct if_nameindex *links = if_nameindex();
  for (struct if_nameindex *each = links; each && each->if_name; each++) {
    snprintf(name, sizeof name, "/sys/class/net/%s/mtu", each->if_name);
    say("largest packet of", each->if_name, text_of(name));
  }
  FILE *file = fopen("/proc/net/route", "r");
  while (file && fgets(line, sizeof line, file)) {
    if (sscanf(line, "%63s %x %x %*s %*s %*s %*s %x", device, &destination, &gateway, &mask) != 4) continue;
    snprintf(name, sizeof name, "%s %s/%d", device, inet_ntop(AF_INET, &destination, text, sizeof text), __builtin_popcount(mask));
    say("route", name, inet_ntop(AF_INET, &gateway, line, sizeof line));
  }
}

/* With arguments that do nothing where it is allowed, in a process that may be killed for it. */
static void try(const char *name, long number, long a, long b, long c, long d) {
  int status;
  char text[100] = "done";
  pid_t child = fork();
  if (child == 0) _exit(syscall(number, a, b, c, d, 0, 0) < 0 ? errno : 0);
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) snprintf(text, sizeof text, "SIG%s", sigabbrev_np(WTERMSIG(status)));
  else if (WEXITSTATUS(status) != 0) snprintf(text, sizeof text, "%s", strerrorname_np(WEXITSTATUS(status)));
  say("call", name, text);
}

#define TRY(name, ...) try(#name, SYS_##name, __VA_ARGS__)

static void tell_calls(void) {
  long bad = -1, none = (long)"none", nothing = (long)"/nothing";
  struct timespec never = {.tv_nsec = -1};
  TRY(mount, none, nothing, (long)"tmpfs", 0);
  TRY(umount2, nothing, 0, 0, 0);
  TRY(pivot_root, nothing, nothing, 0, 0);
  TRY(chroot, (long)"/", 0, 0, 0);
  TRY(setns, bad, 0, 0, 0);
  try("mknod of a character device", SYS_mknod, (long)"/tmp/character", S_IFCHR | 0600, makedev(1, 3), 0);
  try("mknod of a block device", SYS_mknod, (long)"/tmp/block", S_IFBLK | 0600, makedev(7, 0), 0);
  TRY(sethostname, none, bad, 0, 0);
  TRY(clock_settime, CLOCK_REALTIME, (long)&never, 0, 0);
  TRY(adjtimex, 0, 0, 0, 0);
  TRY(syslog, 10, 0, 0, 0);
  TRY(ptrace, 0, 0, 0, 0);
  TRY(process_vm_readv, 1, 0, 0, 0);
  TRY(kcmp, 1, 1, 0, 0);
  TRY(bpf, bad, 0, 0, 0);
  TRY(perf_event_open, 0, 0, 0, 0);
  TRY(userfaultfd, bad, 0, 0, 0);
  TRY(io_uring_setup, 0, 0, 0, 0);
  TRY(keyctl, 0, bad, 0, 0);
  TRY(add_key, 0, 0, 0, 0);
  TRY(init_module, 0, 0, 0, 0);
  TRY(finit_module, bad, 0, 0, 0);
  TRY(delete_module, nothing, 0, 0, 0);
  TRY(kexec_load, bad, bad, 0, bad);
  TRY(swapon, nothing, 0, 0, 0);
  TRY(reboot, 0, 0, 0, 0);
  TRY(quotactl, bad, 0, 0, 0);
  TRY(acct, nothing, 0, 0, 0);
  TRY(fanotify_init, bad, 0, 0, 0);
  TRY(name_to_handle_at, bad, nothing, 0, 0);
  TRY(open_by_handle_at, bad, 0, 0, 0);
  TRY(pkey_alloc, bad, 0, 0, 0);
  TRY(mbind, 0, 0, bad, 0);
  TRY(move_pages, 0, 0, 0, 0);
  TRY(memfd_create, none, 0, 0, 0);
  TRY(setpriority, PRIO_PROCESS, 0, -5, 0);
  TRY(setgroups, 0, 0, 0, 0);
  TRY(setuid, 12345, 0, 0, 0);
  TRY(iopl, 3, 0, 0, 0);
  TRY(personality, 0x20000, 0, 0, 0);
  TRY(mlock, 0, 0, 0, 0);
  try("unshare user", SYS_unshare, CLONE_NEWUSER, 0, 0, 0);
  try("unshare network", SYS_unshare, CLONE_NEWNET, 0, 0, 0);
  try("unshare mounts", SYS_unshare, CLONE_NEWNS, 0, 0, 0);
  try("socket of packets", SYS_socket, AF_PACKET, SOCK_RAW, 0, 0);
  try("socket of raw ICMP", SYS_socket, AF_INET, SOCK_RAW, 1, 0);
  try("socket of ping", SYS_socket, AF_INET, SOCK_DGRAM, 1, 0);
  try("socket of netlink", SYS_socket, AF_NETLINK, SOCK_RAW, 0, 0);
  try("socket of the machine", SYS_socket, AF_VSOCK, SOCK_STREAM, 0, 0);
  try("socket of algorithms", SYS_socket, AF_ALG, SOCK_SEQPACKET, 0, 0);
  try("socket of an unknown family", SYS_socket, 44, SOCK_STREAM, 0, 0);
  say("opens", "a terminal", posix_openpt(O_RDWR | O_NOCTTY) < 0 ? strerrorname_np(errno) : "done");
  say("opens", "/dev/stdout again", open("/dev/stdout", O_WRONLY) < 0 ? strerrorname_np(errno) : "done");
}

int main(int argc, char **argv) {
  char first[16] = "";
  /* Before anything of this process's own is there. */
  setvbuf(stdout, NULL, _IOFBF, 1 << 20);
  for (char **each = environ; *each; each++) {
    char *copy = strdup(*each), *value = strchr(copy, '=');
    *value = 0;
    say("variable", copy, value + 1);
  }
  for (int i = 0; i < argc; i++) snprintf(first, sizeof first, "%d", i), say("argument", first, argv[i]);
  tell_process();
  tell_tree("/", 1), tell_tree("/etc", 1), tell_tree("/dev", 2), tell_tree("/run", 4), tell_tree("/data", 2);
  tell_mounts();
  tell_texts();
  tell_machine();
  tell_network();
  fflush(stdout);
  tell_calls();
  say("input", "ends", read(0, first, 1) == 0 ? "at once" : "not at once");
  puts("end\t");
  return 0;
}
