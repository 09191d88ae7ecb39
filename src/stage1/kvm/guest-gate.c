/*
 * The command's control group, made before PID 1 starts it, and frozen: whatever is born there does not run before it has been moved into
 * the app's (as src/systemd/enter-gate.ts does it for pods under nspawn).
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "guest-enter.h"

#define SLICE "/sys/fs/cgroup/system.slice"

/* Of a file of a unit's group, which systemd names with a line in front where the kernel might (memory.service). false: too long, or of no unit. */
static bool path_of(char path[PATH_SPACE], const char *unit, const char *file) {
  if (*unit == 0 || *unit == '.' || strchr(unit, '/') != NULL) return false;
  if ((size_t)snprintf(path, PATH_SPACE, SLICE "/_%s/%s", unit, file) >= PATH_SPACE) return false;
  if (access(path, F_OK) != 0) snprintf(path, PATH_SPACE, SLICE "/%s/%s", unit, file);
  return true;
}

static bool write_file(const char *unit, const char *file, const char *text) {
  char path[PATH_SPACE];
  int fd = path_of(path, unit, file) ? open(path, O_WRONLY | O_CLOEXEC) : -1;
  bool done = fd >= 0 && write(fd, text, strlen(text)) >= 0;
  if (fd >= 0) close(fd);
  return done;
}

bool is_running(const char *app) {
  char path[PATH_SPACE];
  return path_of(path, app, "cgroup.procs") && access(path, F_OK) == 0;
}

bool open_gate(const char *unit) {
  char path[PATH_SPACE];
  return path_of(path, unit, "") && mkdir(path, 0755) == 0 && write_file(unit, "cgroup.freeze", "1");
}

int move_into(const char *app, const char *unit) {
  char path[PATH_SPACE], line[32];
  int count = 0;
  FILE *list = path_of(path, unit, "cgroup.procs") ? fopen(path, "re") : NULL;
  if (list == NULL) return 0;
  /* One that has ended, but is not buried yet, stays. */
  for (; fgets(line, sizeof line, list) != NULL; count++) write_file(app, "cgroup.procs", line);
  fclose(list);
  return count;
}

void open_up(const char *unit) {
  write_file(unit, "cgroup.freeze", "0");
}

void abandon_gate(const char *unit) {
  char path[PATH_SPACE];
  write_file(unit, "cgroup.kill", "1");
  open_up(unit);
  if (path_of(path, unit, "")) rmdir(path);
}
