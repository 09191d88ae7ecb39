/*
 * The one program of ours inside a virtual machine, linked statically.
 *
 *   /init                            as the kernel's first program: modules, mounts, then systemd in the pod's root
 *   guest send PORT                  hands standard input to the host, and repeats it until the host says that it has taken it
 *   guest out PORT PROGRAM ARG...    PROGRAM with the host as its standard output; ends when the host has read all of it
 *   guest in PORT PROGRAM ARG...     PROGRAM with the host as its standard input
 *   guest console PORT NAME          what is written to the pipe /rkt/console/NAME, to the host, whom a line tells the name first
 *   guest serve-enter                runs commands for "rkt enter", on the socket that is descriptor 3
 *   guest enter CID ...              on the host: what "rkt enter" becomes (guest-client.c)
 *
 * The host is CID 2 of vsock(7). What init does is said by three files of the initrd: /modules (names in order, one a line, each /mod/NAME),
 * /pod/mounts (SOURCE TARGET TYPE OPTIONS a line, TARGET below the pod's root, which is /pod/root), and /pod/covers, the same once that root
 * is the guest's. TYPE "dir" makes a directory and "file" an empty file, OPTIONS being MODE,UID,GID; what is there already is made "readonly",
 * or "hidden" below SOURCE/dir or SOURCE/reg; "remount" changes OPTIONS, and "value" writes them where they
 * are taken. The kernel's command line has rkt.boot_id=, and rkt.size=ROWSxCOLUMNS where the console is a terminal.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <linux/vm_sockets.h>
#include "guest-enter.h"

#define ROOT "/pod/root"

enum { PATIENCE_S = 10 };

/* Level of syslog(2). */
static void say(int level, const char *format, ...) {
  char line[512] = "<3>rkt: ";
  va_list args;
  va_start(args, format);
  vsnprintf(line + 8, sizeof line - 9, format, args);
  line[1] = (char)('0' + level);
  va_end(args);
  strcat(line, "\n");
  int log = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
  if (write(log < 0 ? 2 : log, line + (log < 0 ? 3 : 0), strlen(line) - (log < 0 ? 3 : 0)) < 0) return;
  if (log >= 0) close(log);
}

/* As PID 1: the kernel panics, and the machine ends without a word of success. */
static void fail(const char *what, const char *subject) {
  say(3, "%s %s: %s", what, subject, strerror(errno));
  exit(1);
}

static void pause_a_moment(void) {
  struct timespec moment = {.tv_nsec = 1000000};
  nanosleep(&moment, NULL);
}

static void must_mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data) {
  if (mount(source, target, type, flags, data) < 0) fail("cannot mount", target);
}

static void load_modules(void) {
  char name[256], path[300];
  FILE *list = fopen("/modules", "re");
  if (list == NULL) fail("cannot read", "/modules");
  while (fgets(name, sizeof name, list) != NULL) {
    name[strcspn(name, "\n")] = 0;
    snprintf(path, sizeof path, "/mod/%s", name);
    int module = open(path, O_RDONLY | O_CLOEXEC);
    if (module < 0) fail("cannot open module", name);
    if (syscall(SYS_finit_module, module, "", 0) < 0 && errno != EEXIST) say(3, "cannot load module %s: %s", name, strerror(errno));
    close(module);
    /* The first file system stays in memory. */
    unlink(path);
  }
  fclose(list);
}

static unsigned long parse_options(char *options, char *data, size_t size) {
  static const struct { const char *name; unsigned long flag; } known[] = {
    {"ro", MS_RDONLY}, {"nosuid", MS_NOSUID}, {"nodev", MS_NODEV}, {"noexec", MS_NOEXEC}, {"bind", MS_BIND},
  };
  unsigned long flags = 0;
  data[0] = 0;
  for (char *word = strtok(options, ","); word != NULL; word = strtok(NULL, ",")) {
    size_t i = 0;
    while (i < sizeof known / sizeof *known && strcmp(known[i].name, word) != 0) i++;
    if (i < sizeof known / sizeof *known) flags |= known[i].flag;
    else if (strcmp(word, "-") != 0) snprintf(data + strlen(data), size - strlen(data), "%s%s", data[0] ? "," : "", word);
  }
  return flags;
}

/* A disk that the machine has appears soon after its driver. */
static void wait_for(const char *device) {
  struct stat status;
  for (int tries = 0; stat(device, &status) < 0 && tries < 10000; tries++) pause_a_moment();
}

static void make_inode(const char *path, mode_t type, const char *options) {
  unsigned mode, uid, gid;
  if (sscanf(options, "%o,%u,%u", &mode, &uid, &gid) != 3) errno = EINVAL, fail("cannot make", path);
  if ((type == S_IFDIR ? mkdir(path, 0700) : mknod(path, S_IFREG | 0600, 0)) < 0 || chown(path, uid, gid) < 0 || chmod(path, mode) < 0)
    fail("cannot make", path);
}

/* With what is mounted below it: the boot id. */
static void cover(const char *source, const char *target) {
  must_mount(source, target, NULL, MS_BIND | MS_REC, NULL);
  must_mount(NULL, target, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
}

static void hide(const char *source, const char *target) {
  char path[300];
  struct stat status;
  if (stat(target, &status) < 0) return;
  snprintf(path, sizeof path, "%s/%s", source, S_ISDIR(status.st_mode) ? "dir" : "reg");
  cover(path, target);
}

/* A kernel that does not take it keeps its own. */
static void set_value(const char *path, const char *value) {
  int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0) return;
  if (write(file, value, strlen(value)) < 0) say(6, "cannot set %s: %s", path, strerror(errno));
  close(file);
}

static FILE *open_list(const char *path) {
  FILE *list = fopen(path, "re");
  if (list == NULL) fail("cannot read", path);
  return list;
}

static void mount_all(FILE *list, const char *root) {
  char line[8192], data[4096], target[2100];
  while (fgets(line, sizeof line, list) != NULL) {
    char *rest = line, *source = strtok_r(line, " \n", &rest), *place = strtok_r(NULL, " \n", &rest), *type = strtok_r(NULL, " \n", &rest);
    char *options = strtok_r(NULL, " \n", &rest);
    if (options == NULL) continue;
    snprintf(target, sizeof target, "%s%s", root, place);
    if (strcmp(type, "dir") == 0) make_inode(target, S_IFDIR, options);
    else if (strcmp(type, "file") == 0) make_inode(target, S_IFREG, options);
    else if (strcmp(type, "hidden") == 0) hide(source, target);
    else if (strcmp(type, "value") == 0) set_value(target, options);
    else if (strcmp(type, "readonly") == 0) {
      if (access(target, F_OK) == 0) cover(target, target);
    } else {
      unsigned long flags = parse_options(options, data, sizeof data);
      if (strcmp(type, "remount") == 0) must_mount(NULL, target, NULL, flags | MS_BIND | MS_REMOUNT, NULL);
      else {
        if (strncmp(source, "/dev/", 5) == 0) wait_for(source);
        must_mount(source, target, type, flags, data);
      }
    }
  }
  fclose(list);
}

/* What the kernel's command line says after `word`; NULL: nothing. */
static const char *told(const char *word) {
  static char line[4096];
  char *value;
  int file = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
  ssize_t length = file < 0 ? -1 : read(file, line, sizeof line - 1);
  if (length < 0) fail("cannot read", "/proc/cmdline");
  close(file);
  line[length] = 0;
  if ((value = strstr(line, word)) == NULL) return NULL;
  value += strlen(word);
  value[strcspn(value, " \n")] = 0;
  return value;
}

/* The host has chosen it: journalctl asks the host for it, and the guest's lines bear it. */
static void set_boot_id(void) {
  static const char path[] = "/proc/sys/kernel/random/boot_id";
  const char *id = told("rkt.boot_id=");
  if (id == NULL) return;
  int file = open("/boot_id", O_WRONLY | O_CREAT | O_CLOEXEC, 0444);
  if (file < 0 || write(file, id, strlen(id)) < 0) fail("cannot write", "/boot_id");
  close(file);
  must_mount("/boot_id", path, NULL, MS_BIND, NULL);
  must_mount(NULL, path, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL);
}

/* The devices that a pod under nspawn has: none of the machine's own. */
static void make_devices(void) {
  static const struct { const char *name; unsigned major, minor; mode_t mode; } nodes[] = {
    {"console", 5, 1, 0600}, {"full", 1, 7, 0666},    {"null", 1, 3, 0666}, {"random", 1, 8, 0666},
    {"tty", 5, 0, 0666},     {"urandom", 1, 9, 0666}, {"zero", 1, 5, 0666},
  };
  static const char *const links[][2] = {
    {"/proc/self/fd", "fd"}, {"/proc/self/fd/0", "stdin"}, {"/proc/self/fd/1", "stdout"}, {"/proc/self/fd/2", "stderr"}, {"pts/ptmx", "ptmx"},
  };
  char path[64];
  must_mount("dev", ROOT "/dev", "tmpfs", MS_NOSUID | MS_STRICTATIME, "mode=755,size=4M");
  umask(0);
  for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++) {
    snprintf(path, sizeof path, ROOT "/dev/%s", nodes[i].name);
    if (mknod(path, S_IFCHR | nodes[i].mode, makedev(nodes[i].major, nodes[i].minor)) < 0) fail("cannot make", path);
  }
  for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
    snprintf(path, sizeof path, ROOT "/dev/%s", links[i][1]);
    if (symlink(links[i][0], path) < 0) fail("cannot make", path);
  }
  /* systemd's own would give its ptmx to nobody. */
  if (mkdir(ROOT "/dev/pts", 0755) < 0 || mkdir(ROOT "/dev/mqueue", 0755) < 0) fail("cannot make", ROOT "/dev/pts");
  must_mount("devpts", ROOT "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "mode=620,gid=5,ptmxmode=666");
  must_mount("mqueue", ROOT "/dev/mqueue", "mqueue", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
  umask(022);
}

/* Of the terminal that the console is at the host, as it was at the start. A terminal that nobody has open forgets it. */
static void set_size(void) {
  struct winsize size = {0};
  const char *text = told("rkt.size=");
  if (text == NULL || sscanf(text, "%hux%hu", &size.ws_row, &size.ws_col) != 2 || ioctl(0, TIOCSWINSZ, &size) < 0) return;
  if (fork() == 0) for (;;) pause();
}

static int run_init(void) {
  static const char *const kept[] = {"/proc", "/sys"};
  char target[64];
  int null;
  mkdir("/dev", 0755), mkdir("/proc", 0555), mkdir("/sys", 0555);
  must_mount("dev", "/dev", "devtmpfs", MS_NOSUID, "mode=755");
  must_mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
  must_mount("sys", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
  /* The kernel has found no console yet, and so opened none: what is opened below is not to take its place. */
  while ((null = open("/dev/null", O_RDWR)) >= 0 && null < 3);
  close(null);
  load_modules();
  say(6, "modules are loaded");
  set_boot_id();
  must_mount(ROOT, ROOT, NULL, MS_BIND, NULL);
  mount_all(open_list("/pod/mounts"), ROOT);
  FILE *covers = open_list("/pod/covers");
  say(6, "file systems are mounted");
  make_devices();
  for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
    snprintf(target, sizeof target, ROOT "%s", kept[i]);
    must_mount(kept[i], target, NULL, MS_MOVE, NULL);
  }
  must_mount(NULL, ROOT, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL);
  if (chdir(ROOT) < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0) fail("cannot change to", ROOT);
  int console = open("/dev/console", O_RDWR | O_NOCTTY);
  for (int fd = 0; console >= 0 && fd < 3; fd++) dup2(console, fd);
  set_size();
  if (console > 2) close(console);
  mount_all(covers, "");
  char *const argv[] = {"/usr/lib/systemd/systemd", NULL};
  char *credentials = access("/rkt/credentials", F_OK) == 0 ? "CREDENTIALS_DIRECTORY=/rkt/credentials" : NULL;
  /* What the kernel made of its command line is not for systemd. */
  char *const environment[] = {"SYSTEMD_UNIT_PATH=/etc/systemd/system", "SYSTEMD_GENERATOR_PATH=/none", "SYSTEMD_ENVIRONMENT_GENERATOR_PATH=/none",
                               "MEMORY_PRESSURE_WATCH=/dev/null", "TERM=linux", "PATH=/usr/bin:/usr/sbin", credentials, NULL};
  execve(argv[0], argv, environment);
  fail("cannot execute", argv[0]);
  return 1;
}

/* Returns -1, with errno, when the host does not answer. */
static int try_host(const char *port) {
  struct sockaddr_vm host = {.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_HOST, .svm_port = (unsigned)strtoul(port, NULL, 10)};
  struct sockaddr_vm own = {.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY, .svm_port = 1023};
  struct timeval patience = {.tv_sec = PATIENCE_S};
  int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
  /* By a port below 1024 the host knows that no unprivileged app speaks. */
  while (fd >= 0 && bind(fd, (struct sockaddr *)&own, sizeof own) < 0) {
    if (errno != EADDRINUSE || --own.svm_port < 512) fail("cannot take a port for port", port);
  }
  /* The kernel's two seconds are short for a host that has much to do. */
  if (fd >= 0) setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT, &patience, sizeof patience);
  if (fd < 0 || connect(fd, (struct sockaddr *)&host, sizeof host) == 0) return fd;
  int reason = errno;
  close(fd);
  errno = reason;
  return -1;
}

static int connect_host(const char *port) {
  int fd = try_host(port);
  if (fd < 0) fail("cannot reach the host at port", port);
  return fd;
}

/* True: the host has written down what it got, and said so. A connection that merely ends was not listened to. */
static bool tell(const char *port, const char *text, size_t length) {
  char answer[2] = "";
  size_t got = 0;
  int fd = try_host(port);
  if (fd < 0) return false;
  if (write_all(fd, text, length) && shutdown(fd, SHUT_WR) == 0) {
    for (ssize_t part; got < sizeof answer && (part = read(fd, answer + got, sizeof answer - got)) > 0;) got += (size_t)part;
  }
  close(fd);
  return got == sizeof answer && memcmp(answer, "OK", sizeof answer) == 0;
}

/* What the host has not read is lost when the machine ends: it ends the connection when it has read the end. The signal is the program's. */
static int pass_output(const char *port, char **argv) {
  char rest[64];
  int status = 0, host = connect_host(port);
  pid_t child = fork();
  if (child < 0) fail("cannot start", argv[0]);
  if (child == 0) {
    if (dup2(host, 1) < 0) fail("cannot use the connection to port", port);
    execv(argv[0], argv);
    fail("cannot execute", argv[0]);
  }
  signal(SIGTERM, SIG_IGN);
  while (waitpid(child, &status, 0) < 0 && errno == EINTR)
    ;
  ssize_t part = shutdown(host, SHUT_WR);
  while (part == 0 && (part = read(host, rest, sizeof rest)) > 0) part = 0;
  return WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status) == SIGTERM ? 0 : 1;
}

/* Again and again, until it has been heard; whoever started this sets the limit. */
static int send_input(const char *port) {
  static char text[65536];
  size_t length = 0;
  signal(SIGPIPE, SIG_IGN);
  for (ssize_t part; length < sizeof text && (part = read(0, text + length, sizeof text - length)) > 0;) length += (size_t)part;
  while (!tell(port, text, length)) nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
  return 0;
}

static volatile sig_atomic_t ending;

static void end_soon(int signal) {
  (void)signal;
  ending = 1;
}

/* Reads what there is: true when there is no more for now. A host that does not listen any more keeps nobody from writing. */
static bool pass_on(int pipe, int *host) {
  char text[65536];
  ssize_t length = read(pipe, text, sizeof text);
  if (length <= 0) return true;
  if (*host >= 0 && !write_all(*host, text, (size_t)length)) close(*host), *host = -1;
  return false;
}

/* Until SIGTERM; then what is still in the pipe follows, and the end is the host's, who has written all of it. */
static int copy_console(const char *port, const char *name) {
  char path[300], rest[64];
  sigset_t term, none;
  sigemptyset(&none), sigemptyset(&term), sigaddset(&term, SIGTERM);
  sigprocmask(SIG_BLOCK, &term, NULL);
  sigaction(SIGTERM, &(struct sigaction){.sa_handler = end_soon}, NULL);
  signal(SIGPIPE, SIG_IGN);
  snprintf(path, sizeof path, "/rkt/console/%s", name);
  int pipe = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC), host = connect_host(port);
  if (pipe < 0) fail("cannot open", path);
  if (!write_all(host, name, strlen(name)) || !write_all(host, "\n", 1)) fail("cannot write to the host at port", port);
  for (bool empty = false; !ending || !empty;) {
    struct pollfd polled = {.fd = pipe, .events = POLLIN};
    if (!ending && ppoll(&polled, 1, NULL, &none) < 0 && errno != EINTR) fail("cannot wait for", path);
    empty = pass_on(pipe, &host);
  }
  if (host >= 0 && shutdown(host, SHUT_WR) == 0) while (read(host, rest, sizeof rest) > 0);
  return 0;
}

int main(int argc, char **argv) {
  if (getpid() == 1) return run_init();
  if (argc == 3 && strcmp(argv[1], "send") == 0) return send_input(argv[2]);
  if (argc == 4 && strcmp(argv[1], "console") == 0) return copy_console(argv[2], argv[3]);
  if (argc == 2 && strcmp(argv[1], "serve-enter") == 0) return serve_enter();
  if (argc > 2 && strcmp(argv[1], "enter") == 0) return enter_guest(argc - 2, argv + 2);
  if (argc > 3 && strcmp(argv[1], "out") == 0) return pass_output(argv[2], argv + 3);
  if (argc < 4 || strcmp(argv[1], "in") != 0) {
    fputs("usage: guest send PORT | guest out|in PORT PROGRAM ARG... | guest console PORT NAME\n", stderr);
    return 2;
  }
  if (dup2(connect_host(argv[2]), 0) < 0) fail("cannot use the connection to port", argv[2]);
  execv(argv[3], argv + 3);
  fail("cannot execute", argv[3]);
  return 1;
}
