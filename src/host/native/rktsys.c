/*
 * The system calls that rkt needs and Node does not offer, as thin as they can be.
 * Every function returns the call's result, or the negative errno: the callers in src/host make the errors.
 * N-API 8: one build loads in every Node since 16.
 */
#define _GNU_SOURCE
#define NAPI_VERSION 8
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <node_api.h>
#include "hash.h"

#define MAX_ARGS 4
#define MAX_XATTR 65536

struct call {
  napi_env env;
  napi_value args[MAX_ARGS];
  int bad;
};

static struct call start(napi_env env, napi_callback_info info) {
  struct call call = {.env = env};
  size_t count = MAX_ARGS;
  if (napi_get_cb_info(env, info, &count, call.args, NULL, NULL) != napi_ok) call.bad = 1;
  return call;
}

static int64_t integer(struct call *call, int index) {
  int64_t value = 0;
  if (napi_get_value_int64(call->env, call->args[index], &value) != napi_ok) call->bad = 1;
  return value;
}

/* A Buffer without NUL becomes a C string in `into`. */
static const char *text(struct call *call, int index, char *into, size_t size) {
  void *data = NULL;
  size_t length = 0;
  if (napi_get_buffer_info(call->env, call->args[index], &data, &length) != napi_ok || length >= size ||
      (length > 0 && memchr(data, 0, length) != NULL)) {
    call->bad = 1;
    return "";
  }
  if (length > 0) memcpy(into, data, length);
  into[length] = 0;
  return into;
}

static napi_value number(struct call *call, int64_t result) {
  napi_value value = NULL;
  if (call->bad) napi_throw_type_error(call->env, NULL, "rktsys: wrong arguments");
  else napi_create_int64(call->env, result < 0 ? -(int64_t)errno : result, &value);
  return value;
}

static napi_value bytes(struct call *call, const char *data, ssize_t length) {
  napi_value value = NULL;
  if (call->bad || length < 0) return number(call, length);
  napi_create_buffer_copy(call->env, (size_t)length, data, NULL, &value);
  return value;
}

/* flock(fd, operation) */
static napi_value sys_flock(napi_env env, napi_callback_info info) {
  struct call call = start(env, info);
  int fd = (int)integer(&call, 0), operation = (int)integer(&call, 1), result = 0;
  if (!call.bad) {
    do result = flock(fd, operation);
    while (result < 0 && errno == EINTR);
  }
  return number(&call, result);
}

/* mknod(path, mode with type, major, minor) */
static napi_value sys_mknod(napi_env env, napi_callback_info info) {
  struct call call = start(env, info);
  char path[PATH_MAX];
  text(&call, 0, path, sizeof path);
  mode_t mode = (mode_t)integer(&call, 1);
  dev_t device = makedev((unsigned)integer(&call, 2), (unsigned)integer(&call, 3));
  return number(&call, call.bad ? 0 : mknod(path, mode, device));
}

/* setTimes(path, seconds, nanoseconds): access and modification time, of a link itself */
static napi_value sys_set_times(napi_env env, napi_callback_info info) {
  struct call call = start(env, info);
  char path[PATH_MAX];
  text(&call, 0, path, sizeof path);
  struct timespec times[2];
  times[0].tv_sec = (time_t)integer(&call, 1);
  times[0].tv_nsec = (long)integer(&call, 2);
  times[1] = times[0];
  return number(&call, call.bad ? 0 : utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW));
}

/* setXattr(path, name, value): of a link itself */
static napi_value sys_set_xattr(napi_env env, napi_callback_info info) {
  struct call call = start(env, info);
  char path[PATH_MAX], name[256];
  void *value = NULL;
  size_t length = 0;
  text(&call, 0, path, sizeof path);
  text(&call, 1, name, sizeof name);
  if (napi_get_buffer_info(env, call.args[2], &value, &length) != napi_ok) call.bad = 1;
  return number(&call, call.bad ? 0 : lsetxattr(path, name, value, length, 0));
}

/* getXattr(path, name): a Buffer or the negative errno */
static napi_value sys_get_xattr(napi_env env, napi_callback_info info) {
  struct call call = start(env, info);
  char path[PATH_MAX], name[256], value[MAX_XATTR];
  text(&call, 0, path, sizeof path);
  text(&call, 1, name, sizeof name);
  return bytes(&call, value, call.bad ? 0 : lgetxattr(path, name, value, sizeof value));
}

/* listXattrs(path): a Buffer of names, each ended by NUL, or the negative errno */
static napi_value sys_list_xattrs(napi_env env, napi_callback_info info) {
  struct call call = start(env, info);
  char path[PATH_MAX], names[MAX_XATTR];
  text(&call, 0, path, sizeof path);
  return bytes(&call, names, call.bad ? 0 : llistxattr(path, names, sizeof names));
}

/* setBlocking(fd): clears O_NONBLOCK of the open file, for whoever shares it */
static napi_value sys_set_blocking(napi_env env, napi_callback_info info) {
  struct call call = start(env, info);
  int fd = (int)integer(&call, 0);
  if (call.bad) return number(&call, 0);
  int flags = fcntl(fd, F_GETFL);
  return number(&call, flags < 0 ? flags : fcntl(fd, F_SETFL, flags & ~O_NONBLOCK));
}

/* syncfs(fd) */
static napi_value sys_syncfs(napi_env env, napi_callback_info info) {
  struct call call = start(env, info);
  int fd = (int)integer(&call, 0);
  return number(&call, call.bad ? 0 : syncfs(fd));
}

static int open_namespace(int64_t process, const char *kind) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%lld/ns/%s", (long long)process, kind);
  return open(path, O_RDONLY | O_CLOEXEC);
}

static int same_file(int one, int other) {
  struct stat a, b;
  return fstat(one, &a) == 0 && fstat(other, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* The exit status of a child is the errno of what it tried. */
static int await_child(pid_t child) {
  int status;
  if (child < 0) return errno;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return errno;
  return WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
}

/* In a forked child: only its own children are in the PID namespace that it chooses. */
static int connect_as_child(int socket, const struct sockaddr_un *address, const int namespaces[2]) {
  if (setns(namespaces[0], CLONE_NEWPID) < 0) return errno;
  pid_t child = fork();
  if (child != 0) return await_child(child);
  if (namespaces[1] >= 0 && (setns(namespaces[1], CLONE_NEWUSER) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)) _exit(errno);
  _exit(connect(socket, (const struct sockaddr *)address, sizeof *address) < 0 ? errno : 0);
}

/*
 * connectInside(process, path): a socket that a process with that process's PID and user namespace has connected.
 * A peer is told who connected, and systemd refuses one whose PID it cannot see. Never blocks: EAGAIN where the peer does not accept.
 */
static napi_value sys_connect_inside(napi_env env, napi_callback_info info) {
  struct call call = start(env, info);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int64_t process = integer(&call, 0);
  text(&call, 1, address.sun_path, sizeof address.sun_path);
  if (call.bad) return number(&call, 0);
  int own = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
  int namespaces[2] = {open_namespace(process, "pid"), open_namespace(process, "user")};
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), error = errno;
  if (own >= 0 && namespaces[0] >= 0 && namespaces[1] >= 0 && fd >= 0) {
    int chosen[2] = {namespaces[0], same_file(own, namespaces[1]) ? -1 : namespaces[1]};
    pid_t child = fork();
    if (child == 0) _exit(connect_as_child(fd, &address, chosen));
    error = await_child(child);
  }
  close(own), close(namespaces[0]), close(namespaces[1]);
  if (error != 0 && fd >= 0) close(fd);
  errno = error;
  return number(&call, error != 0 ? -1 : fd);
}

/* sendDescriptors(socket, data, descriptors as 32-bit integers): the bytes that were taken, the descriptors with the first of them */
static napi_value sys_send_descriptors(napi_env env, napi_callback_info info) {
  struct call call = start(env, info);
  int fd = (int)integer(&call, 0);
  void *data = NULL, *descriptors = NULL;
  size_t length = 0, size = 0;
  union {
    char bytes[CMSG_SPACE(16 * sizeof(int))];
    struct cmsghdr align;
  } control;
  if (napi_get_buffer_info(env, call.args[1], &data, &length) != napi_ok || length == 0) call.bad = 1;
  if (napi_get_buffer_info(env, call.args[2], &descriptors, &size) != napi_ok || size == 0 || size > 16 * sizeof(int)) call.bad = 1;
  if (call.bad) return number(&call, 0);
  memset(&control, 0, sizeof control);
  struct iovec part = {.iov_base = data, .iov_len = length};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = CMSG_SPACE(size)};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(size);
  memcpy(CMSG_DATA(header), descriptors, size);
  return number(&call, sendmsg(fd, &message, MSG_NOSIGNAL));
}

/*
 * systemCallName(architecture as AUDIT_ARCH_*, number): its name, or undefined. libseccomp has the tables of all architectures, and is
 * there wherever systemd filters calls; loaded here, so that a host without it loses a name and nothing else.
 */
static napi_value sys_system_call_name(napi_env env, napi_callback_info info) {
  static char *(*resolve)(uint32_t, int);
  static int loaded;
  struct call call = start(env, info);
  uint32_t architecture = (uint32_t)integer(&call, 0);
  int64_t wanted = integer(&call, 1);
  napi_value result = NULL;
  if (!loaded) {
    void *library = dlopen("libseccomp.so.2", RTLD_NOW | RTLD_LOCAL);
    if (library != NULL) *(void **)&resolve = dlsym(library, "seccomp_syscall_resolve_num_arch");
    loaded = 1;
  }
  if (call.bad || resolve == NULL || wanted < 0 || wanted > INT_MAX) return NULL;
  char *name = resolve(architecture, (int)wanted);
  if (name == NULL) return NULL;
  if (napi_create_string_utf8(env, name, NAPI_AUTO_LENGTH, &result) != napi_ok) result = NULL;
  free(name);
  return result;
}

NAPI_MODULE_INIT() {
  static const napi_property_descriptor functions[] = {
      {"flock", NULL, sys_flock, NULL, NULL, NULL, napi_enumerable, NULL},
      {"mknod", NULL, sys_mknod, NULL, NULL, NULL, napi_enumerable, NULL},
      {"setTimes", NULL, sys_set_times, NULL, NULL, NULL, napi_enumerable, NULL},
      {"setXattr", NULL, sys_set_xattr, NULL, NULL, NULL, napi_enumerable, NULL},
      {"getXattr", NULL, sys_get_xattr, NULL, NULL, NULL, napi_enumerable, NULL},
      {"listXattrs", NULL, sys_list_xattrs, NULL, NULL, NULL, napi_enumerable, NULL},
      {"connectInside", NULL, sys_connect_inside, NULL, NULL, NULL, napi_enumerable, NULL},
      {"sendDescriptors", NULL, sys_send_descriptors, NULL, NULL, NULL, napi_enumerable, NULL},
      {"setBlocking", NULL, sys_set_blocking, NULL, NULL, NULL, napi_enumerable, NULL},
      {"systemCallName", NULL, sys_system_call_name, NULL, NULL, NULL, napi_enumerable, NULL},
      {"syncfs", NULL, sys_syncfs, NULL, NULL, NULL, napi_enumerable, NULL},
  };
  napi_define_properties(env, exports, sizeof functions / sizeof functions[0], functions);
  define_hashes(env, exports);
  return exports;
}
