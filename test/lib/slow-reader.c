/*
 * Somebody who enters a guest and reads nothing for a while, though the command has ended: prints how many bytes of its output came then, and
 * the last frame. BYTES is what the command prints. Around the guest's own program; PID 1, of which a command is started, is doubled here.
 *
 *   slow-reader BYTES
 */
#define _GNU_SOURCE
#include <unistd.h>

/* Ten seconds of the guest's patience pass in one. */
#define alarm(seconds) ualarm((seconds) * 99999, 0)
#include "../../src/stage1/kvm/guest-serve.c"

enum { PAUSE_MS = 1600 };

static size_t prints;

bool is_running(const char *app) { return app != NULL; }
bool open_gate(const char *unit) { return unit != NULL; }
int move_into(const char *app, const char *unit) { return app == NULL || unit == NULL; }
void open_up(const char *unit) { (void)unit; }
void abandon_gate(const char *unit) { (void)unit; }
bool signal_unit(struct manager *manager, int signal) { return manager != NULL && signal > 0; }
bool stop_unit(struct manager *manager) { return manager == NULL; }

bool open_manager(struct manager *manager, const char *unit) {
  int ends[2];
  snprintf(manager->unit, sizeof manager->unit, "%s", unit);
  if (pipe(ends) < 0 || write(ends[1], "x", 1) != 1) return false;
  manager->fd = ends[0];
  return true;
}

/* All that the command prints is in its pipe, and it has ended. */
bool start_unit(struct manager *manager, const struct unit_request *request) {
  static const uint8_t bytes[1 << 20];
  (void)manager;
  fcntl(request->pipes[1], F_SETPIPE_SZ, 1 << 20);
  return write_all(request->pipes[1], bytes, prints);
}

bool read_manager(struct manager *manager) {
  char byte;
  manager->job_done = manager->over = true;
  manager->code = EXITED, manager->status = 7;
  return read(manager->fd, &byte, 1) == 1;
}

static void request_command(int fd) {
  char request[400], boot[64] = "";
  size_t length = 0;
  FILE *file = fopen("/proc/sys/kernel/random/boot_id", "r");
  if (file == NULL || fscanf(file, "%63s", boot) != 1) exit(2);
  fclose(file);
  const char *texts[] = {boot, "rkt_enter-main-1.service", "main.service", "0", "0", "", "/", "/bin", "", "0", "0", "cat"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    length += (size_t)snprintf(request + length, sizeof request - length, "%s", texts[i]) + 1;
  if (!send_frame(fd, REQUEST, request, length)) exit(2);
}

int main(int argc, char **argv) {
  int ends[2], least = 1;
  struct frames frames;
  struct frame frame;
  size_t came = 0;
  prints = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
  signal(SIGPIPE, SIG_IGN);
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0) return 2;
  setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &least, sizeof least);
  pid_t guest = fork();
  if (guest == 0) {
    close(ends[0]);
    serve_one(ends[1]);
  }
  close(ends[1]);
  request_command(ends[0]);
  poll(NULL, 0, PAUSE_MS);
  open_frames(&frames, ends[0], ENTER_REQUEST);
  do {
    while (next_frame(&frames, &frame) > 0) {
      if (frame.kind == OUTPUT) came += frame.length;
      else if (frame.kind == END) printf("%zu bytes, then exited %d\n", came, frame.data[1]);
    }
  } while (fill_frames(&frames) > 0);
  return 0;
}
