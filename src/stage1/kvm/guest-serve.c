/*
 * The guest's side of "rkt enter": a process for each command, which PID 1 runs in the app's limits as a transient unit. Only who is
 * at the host (CID 2), may take a port below 1024 there, and knows the boot id that the host has chosen is served.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <linux/vm_sockets.h>
#include "guest-enter.h"

enum { LISTENER = 3, PATIENCE_SECONDS = 10, START_SECONDS = 120, LAST_BYTES_MS = 1000, HEADER_ROOM = 64 };

struct session {
  int fd;
  struct frames frames;
  struct manager manager;
  /* Towards the command: pipe or terminal; then what it prints. -1: closed. */
  int input, output, errors;
  /* The other side of its terminal, which is kept open while it may be opened again. */
  int slave;
  bool input_ends, gated, started;
  /* Units: whose limits the command gets. */
  char app[300];
  uint8_t waiting[ENTER_WINDOW], sending[2 * (ENTER_CHUNK + HEADER_ROOM) + 2 * HEADER_ROOM];
  size_t waits, sends;
};

static void close_one(int *fd) {
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

/* There is always room for what is said: output is read only when there is enough. */
static void queue_frame(struct session *session, enum frame_kind kind, const void *data, size_t length) {
  uint8_t header[4] = {(uint8_t)kind, (uint8_t)length, (uint8_t)(length >> 8), (uint8_t)(length >> 16)};
  if (session->sends + sizeof header + length > sizeof session->sending) exit(1);
  memcpy(session->sending + session->sends, header, sizeof header);
  memcpy(session->sending + session->sends + sizeof header, data, length);
  session->sends += sizeof header + length;
}

/* Nobody waits for the command any more. */
static void hang_up(struct session *session) {
  close_one(&session->input), close_one(&session->output), close_one(&session->errors), close_one(&session->slave);
  alarm(30);
  if (session->gated) abandon_gate(session->manager.unit);
  if (session->manager.fd > 0 && stop_unit(&session->manager))
    while (!(session->manager.job_done && session->manager.over) && read_manager(&session->manager));
  exit(1);
}

static void flush(struct session *session) {
  while (session->sends > 0) {
    ssize_t part = write(session->fd, session->sending, session->sends);
    if (part < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (part < 0) hang_up(session);
    session->sends -= (size_t)part;
    memmove(session->sending, session->sending + part, session->sends);
  }
}

static void finish(struct session *session, enum frame_kind kind, unsigned first, unsigned second) {
  if (session->gated) abandon_gate(session->manager.unit);
  queue_frame(session, kind, (uint8_t[]){(uint8_t)first, (uint8_t)second}, 2);
  /* Whoever reads the last output of a command may take as long as for any other. */
  if (kind != END) alarm(PATIENCE_SECONDS);
  while (flush(session), session->sends > 0) poll(&(struct pollfd){.fd = session->fd, .events = POLLOUT}, 1, 1000);
  exit(0);
}

static void set_size(int terminal, unsigned rows, unsigned columns) {
  struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
  ioctl(terminal, TIOCSWINSZ, &size);
}

static bool open_terminal(struct session *session, struct unit_request *request) {
  int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
  if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0 || (request->terminal = ptsname(master)) == NULL) return false;
  set_size(master, (unsigned)atoi(request->texts[TEXT_ROWS]), (unsigned)atoi(request->texts[TEXT_COLUMNS]));
  session->output = master;
  session->input = dup(master);
  session->slave = open(request->terminal, O_RDWR | O_NOCTTY | O_CLOEXEC);
  return session->input >= 0 && session->slave >= 0;
}

static bool open_pipes(struct session *session, struct unit_request *request) {
  int in[2], out[2], err[2];
  if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0) return false;
  session->input = in[1], session->output = out[0], session->errors = err[0];
  /* The command's own ends block, as programs expect it. */
  fcntl(in[1], F_SETFL, O_NONBLOCK);
  request->pipes[0] = in[0], request->pipes[1] = out[1], request->pipes[2] = err[1];
  return true;
}

/* What the host knows, and pods of other engines on it do not. */
static bool is_boot_id(const char *text) {
  char id[37] = "";
  int file = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
  bool known = file >= 0 && read(file, id, sizeof id - 1) == sizeof id - 1;
  if (file >= 0) close(file);
  return known && strcmp(text, id) == 0;
}

static void begin(struct session *session, const struct frame *frame) {
  char *texts[8192];
  size_t count = 0;
  if (frame->kind != REQUEST || frame->length == 0 || frame->data[frame->length - 1] != 0) exit(1);
  for (char *at = (char *)frame->data; at < (char *)frame->data + frame->length; at += strlen(at) + 1) {
    if (count == sizeof texts / sizeof *texts) finish(session, FAILED, FAILED_OTHER, 0);
    texts[count++] = at;
  }
  if (count <= TEXTS || !is_boot_id(texts[TEXT_BOOT]) || strncmp(texts[TEXT_UNIT], "rkt_enter-", 10) != 0) exit(1);
  if (strlen(texts[TEXT_APP]) >= sizeof session->app || !is_running(texts[TEXT_APP])) finish(session, FAILED, FAILED_APP, 0);
  strcpy(session->app, texts[TEXT_APP]);
  struct unit_request request = {.texts = texts, .words = count - TEXTS, .pipes = {-1, -1, -1}};
  bool terminal = *texts[TEXT_TERM] != 0;
  if (!(terminal ? open_terminal(session, &request) : open_pipes(session, &request))) finish(session, FAILED, FAILED_OTHER, 0);
  if (!open_manager(&session->manager, texts[TEXT_UNIT]) || !open_gate(texts[TEXT_UNIT])) finish(session, FAILED, FAILED_OTHER, 0);
  session->gated = true;
  if (!start_unit(&session->manager, &request)) finish(session, FAILED, FAILED_OTHER, 0);
  for (int i = 0; i < 3; i++) close_one(&request.pipes[i]);
}

static void take_frame(struct session *session, const struct frame *frame) {
  const uint8_t *data = frame->data;
  if (frame->kind == INPUT) {
    if (frame->length == 0) session->input_ends = true;
    if (session->input_ends) return;
    if (frame->length > sizeof session->waiting - session->waits) hang_up(session);
    memcpy(session->waiting + session->waits, data, frame->length);
    session->waits += frame->length;
  } else if (frame->kind == SIZE && frame->length == 4 && session->slave >= 0) {
    set_size(session->output, (unsigned)(data[0] | data[1] << 8), (unsigned)(data[2] | data[3] << 8));
  } else if (frame->kind == SIGNAL && frame->length == 1 && session->started && *data > 0 && *data <= 64) {
    signal_unit(&session->manager, *data);
  } else if (frame->kind == CLOSED && frame->length == 1 && session->slave < 0) {
    close_one(*data == 1 ? &session->output : &session->errors);
  }
}

/* What the command does not take, because it has closed its input, is taken by nobody. */
static void write_input(struct session *session) {
  ssize_t part = session->input < 0 ? (ssize_t)session->waits : write(session->input, session->waiting, session->waits);
  if (part < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (part < 0) {
    close_one(&session->input);
    part = (ssize_t)session->waits;
  }
  session->waits -= (size_t)part;
  memmove(session->waiting, session->waiting + part, session->waits);
  uint32_t taken = (uint32_t)part;
  queue_frame(session, TAKEN, (uint8_t[]){(uint8_t)taken, (uint8_t)(taken >> 8), (uint8_t)(taken >> 16), (uint8_t)(taken >> 24)}, 4);
}

static void read_output(struct session *session, int *fd, enum frame_kind kind) {
  uint8_t bytes[ENTER_CHUNK];
  ssize_t length = read(*fd, bytes, sizeof bytes);
  if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (length <= 0) close_one(fd);
  else queue_frame(session, kind, bytes, (size_t)length);
}

static bool has_room(const struct session *session, size_t length) {
  return sizeof session->sending - session->sends >= length + HEADER_ROOM;
}

/* Until the start is over its processes are moved as they come; what forks meanwhile is found in the next round. */
static void pass_gate(struct session *session) {
  struct manager *manager = &session->manager;
  if (!session->gated) return;
  int left = move_into(session->app, manager->unit);
  if (!manager->job_done && !manager->refused) return;
  open_up(manager->unit);
  for (int tries = 0; left > 0 && tries < 2000; tries++) {
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    left = move_into(session->app, manager->unit);
  }
  if (left > 0) finish(session, FAILED, FAILED_OTHER, 0);
  session->gated = false;
}

/* As src/systemd/enter.ts reads it: a command that ran and failed at once is no refusal. */
static void check_start(struct session *session) {
  struct manager *manager = &session->manager;
  if (manager->refused) finish(session, FAILED, FAILED_START, 0);
  if (session->started || !manager->job_done) return;
  bool ran = manager->code == EXITED && manager->status > 0 && manager->status < 200;
  if (manager->job_failed && !ran) finish(session, FAILED, FAILED_START, manager->code == EXITED ? (unsigned)manager->status : 0);
  session->started = true;
  queue_frame(session, STARTED, "", 0);
}

static int64_t now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void serve(struct session *session) {
  struct frame frame;
  int64_t deadline = 0;
  int state = 0;
  for (;;) {
    bool over = session->started && session->manager.over;
    if (over && deadline == 0) deadline = now_ms() + LAST_BYTES_MS, close_one(&session->slave), close_one(&session->input);
    bool drained = (session->output < 0 && session->errors < 0) || (deadline != 0 && now_ms() >= deadline);
    if (over && drained && has_room(session, HEADER_ROOM)) {
      if (session->manager.code == 0) finish(session, FAILED, FAILED_OTHER, 0);
      finish(session, END, (unsigned)session->manager.code, (unsigned)session->manager.status);
    }
    /* A command may print before PID 1 says that it has started it. */
    bool room = session->started && has_room(session, ENTER_CHUNK + HEADER_ROOM);
    /* What the host does not take now is waited for: only who else writes there is not. */
    if (over && !room) deadline = now_ms() + LAST_BYTES_MS;
    bool takes = session->waits > 0 && has_room(session, HEADER_ROOM);
    struct pollfd polled[] = {
      {.fd = session->fd, .events = (short)(POLLIN | (session->sends > 0 ? POLLOUT : 0))},
      {.fd = over ? -1 : session->manager.fd, .events = POLLIN},
      {.fd = room ? session->output : -1, .events = POLLIN},
      {.fd = room ? session->errors : -1, .events = POLLIN},
      {.fd = takes ? session->input : -1, .events = POLLOUT},
    };
    int patience = session->gated ? 1 : deadline != 0 || (takes && session->input < 0) ? 50 : -1;
    if (poll(polled, 5, patience) < 0 && errno != EINTR) exit(1);
    if (polled[0].revents != 0 && (state = fill_frames(&session->frames)) <= 0) hang_up(session);
    while ((state = next_frame(&session->frames, &frame)) > 0) take_frame(session, &frame);
    if (state < 0) hang_up(session);
    if (polled[1].revents != 0 && !read_manager(&session->manager)) exit(1);
    pass_gate(session);
    check_start(session);
    if (polled[2].revents != 0) read_output(session, &session->output, OUTPUT);
    if (polled[3].revents != 0 && has_room(session, ENTER_CHUNK)) read_output(session, &session->errors, ERRORS);
    if (takes && (polled[4].revents != 0 || session->input < 0)) write_input(session);
    if (session->input_ends && session->waits == 0 && session->slave < 0) close_one(&session->input);
    flush(session);
  }
}

static void serve_one(int fd) {
  static struct session session = {.input = -1, .output = -1, .errors = -1, .slave = -1};
  struct frame frame;
  int state;
  session.fd = fd;
  alarm(PATIENCE_SECONDS);
  queue_frame(&session, GREETING, "", 0);
  flush(&session);
  open_frames(&session.frames, fd, ENTER_REQUEST);
  while ((state = next_frame(&session.frames, &frame)) == 0)
    if (fill_frames(&session.frames) <= 0) exit(1);
  if (state < 0) exit(1);
  /* As long as the host waits: a PID 1 that has much to do takes its time. */
  alarm(START_SECONDS);
  begin(&session, &frame);
  alarm(0);
  fcntl(fd, F_SETFL, O_NONBLOCK);
  serve(&session);
}

int serve_enter(void) {
  int running = 0;
  signal(SIGPIPE, SIG_IGN);
  for (;;) {
    struct sockaddr_vm peer = {0};
    socklen_t length = sizeof peer;
    int fd = accept4(LISTENER, (struct sockaddr *)&peer, &length, SOCK_CLOEXEC);
    while (waitpid(-1, NULL, WNOHANG) > 0) running--;
    if (fd < 0 && (errno == EINTR || errno == ECONNABORTED)) continue;
    if (fd < 0) return 1;
    if (peer.svm_cid != VMADDR_CID_HOST || peer.svm_port >= 1024) {
      close(fd);
    } else if (running >= ENTER_MOST) {
      send_frame(fd, FAILED, (uint8_t[]){FAILED_MANY, 0}, 2);
      close(fd);
    } else {
      pid_t child = fork();
      if (child == 0) {
        close(LISTENER);
        serve_one(fd);
      }
      running += child > 0;
      close(fd);
    }
  }
}
