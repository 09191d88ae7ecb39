/*
 * What "rkt enter" becomes for a pod in a virtual machine: this process's standard streams, or its terminal, for a command in the guest.
 *
 *   guest enter CID POD BOOT UNIT APP USER GROUP GROUPS DIRECTORY PATH -- COMMAND ARG...
 *
 * See enum request_text. CID "-" takes descriptor 3 as the connection. The guest may be hostile: what it sends is checked, and it can
 * decide nothing but what is shown and the exit status.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <linux/vm_sockets.h>
#include "guest-enter.h"

/* A command's start takes the guest's PID 1 longer than an answer. */
enum { PATIENCE_MS = 10000, START_MS = 120000, SIGNALS = 3, WORDS = 11, REFUSED = 254, PIECE = 4096 };

static struct {
  int fd, signals;
  struct frames frames;
  const char *pod, *app, *command;
  bool terminal, started, input_ended, closed[3];
  int signalled;
  size_t on_the_way;
  /* What is shown before the next frame is read. */
  const uint8_t *shown;
  size_t shows;
  int shown_on;
} session = {.fd = -1, .signals = -1};

static struct termios cooked;
static bool raw;

static void restore_terminal(void) {
  if (raw) tcsetattr(0, TCSADRAIN, &cooked);
  raw = false;
}

static void print_quoted(const char *text) {
  fputc('"', stderr);
  for (; *text != 0; text++) fprintf(stderr, *text == '"' || *text == '\\' ? "\\%c" : *text >= ' ' && *text <= '~' ? "%c" : "\\x%02x", (unsigned char)*text);
  fputc('"', stderr);
}

/* `enter: Cannot ACTION "SUBJECT"REASON`. */
static void refuse(const char *action, const char *subject, const char *reason) {
  restore_terminal();
  fprintf(stderr, "enter: Cannot %s ", action);
  print_quoted(subject);
  fprintf(stderr, "%s\n", reason);
  exit(REFUSED);
}

static void refuse_pod(const char *reason) {
  char text[200];
  snprintf(text, sizeof text, ": %s", reason);
  refuse("enter pod", session.pod, text);
}

static void refuse_nonsense(void) {
  refuse_pod("its guest does not keep to what was agreed on");
}

/* Of systemd.exec(5), as src/base/exit-status.ts has them. */
static const char *failure_of(unsigned status) {
  static const struct { unsigned status; const char *text; } known[] = {
    {200, "its working directory cannot be entered"}, {203, "the program cannot be executed"}, {209, "its standard output cannot be set up"},
    {208, "its standard input cannot be set up"},     {216, "its group is not known there"},    {217, "its user is not known there"},
    {218, "its capabilities cannot be set up"},       {226, "its mounts cannot be set up"},     {228, "its system call filter cannot be set up"},
  };
  static char other[64];
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) if (known[i].status == status) return known[i].text;
  snprintf(other, sizeof other, status == 0 ? "its unit could not be started" : "systemd says exited %u", status);
  return other;
}

static void refuse_failure(unsigned failure, unsigned status) {
  if (failure == FAILED_MANY) refuse_pod("eight commands run in it already");
  if (failure == FAILED_APP) refuse("enter", session.app, ": it does not run in the pod");
  if (failure == FAILED_START) {
    char text[200];
    snprintf(text, sizeof text, " in \"%s\": %s", session.app, failure_of(status));
    refuse("run", session.command, text);
  }
  if (failure == FAILED_OTHER) refuse("run", session.command, ": the guest could not start it, or cannot tell how it ended");
  refuse_nonsense();
}

static int64_t now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* A port that takes CAP_NET_BIND_SERVICE. */
static bool bind_low(int fd) {
  struct sockaddr_vm address = {.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY};
  for (address.svm_port = 1023; address.svm_port > 0; address.svm_port--) {
    if (bind(fd, (struct sockaddr *)&address, sizeof address) == 0) return true;
    if (errno != EADDRINUSE) return false;
  }
  return false;
}

static int try_connect(unsigned cid, int64_t ms) {
  struct sockaddr_vm guest = {.svm_family = AF_VSOCK, .svm_cid = cid, .svm_port = ENTER_PORT};
  struct timeval patience = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 + 1};
  int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || !bind_low(fd)) refuse_pod(strerror(errno));
  setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT, &patience, sizeof patience);
  if (connect(fd, (struct sockaddr *)&guest, sizeof guest) == 0) return fd;
  close(fd);
  return -1;
}

/* A guest that is only starting does not listen yet. */
static int connect_guest(const char *cid, int64_t deadline) {
  if (strcmp(cid, "-") == 0) return 3;
  for (int64_t left; (left = deadline - now_ms()) > 0;) {
    int fd = try_connect((unsigned)strtoul(cid, NULL, 10), left);
    if (fd >= 0) return fd;
    nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
  }
  refuse_pod("its guest does not answer");
  return -1;
}

static void send_or_end(enum frame_kind kind, const void *data, size_t length) {
  if (send_frame(session.fd, kind, data, length)) return;
  if (errno == EAGAIN) refuse_pod("its guest does not answer");
  /* What it said before it went is still to be read. */
}

static void send_size(void) {
  struct winsize size = {0};
  ioctl(1, TIOCGWINSZ, &size);
  uint8_t bytes[] = {(uint8_t)size.ws_row, (uint8_t)(size.ws_row >> 8), (uint8_t)size.ws_col, (uint8_t)(size.ws_col >> 8)};
  send_or_end(SIZE, bytes, sizeof bytes);
}

static const char *term(void) {
  static const char accepted[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-";
  const char *name = getenv("TERM");
  return name != NULL && *name != 0 && strlen(name) <= 64 && strspn(name, accepted) == strlen(name) ? name : "linux";
}

static void add_text(char **at, const char *end, const char *text) {
  size_t length = strlen(text) + 1;
  if (length > (size_t)(end - *at)) refuse("run", session.command, ": its arguments are too long");
  memcpy(*at, text, length);
  *at += length;
}

/* `words`: BOOT … PATH, "--", the command. */
static void send_request(int count, char **words) {
  static char request[ENTER_REQUEST];
  char *at = request, *end = request + sizeof request, number[16];
  struct winsize size = {0};
  if (session.terminal) ioctl(1, TIOCGWINSZ, &size);
  for (int i = TEXT_BOOT; i <= TEXT_PATH; i++) add_text(&at, end, words[i]);
  add_text(&at, end, session.terminal ? term() : "");
  snprintf(number, sizeof number, "%u", size.ws_row);
  add_text(&at, end, number);
  snprintf(number, sizeof number, "%u", size.ws_col);
  add_text(&at, end, number);
  for (int i = TEXT_PATH + 2; i < count; i++) add_text(&at, end, words[i]);
  send_or_end(REQUEST, request, (size_t)(at - request));
}

static void make_raw(void) {
  if (!session.terminal || tcgetattr(0, &cooked) < 0) return;
  struct termios settings = cooked;
  cfmakeraw(&settings);
  raw = tcsetattr(0, TCSADRAIN, &settings) == 0;
}

static void block_signals(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT), sigaddset(&set, SIGTERM), sigaddset(&set, SIGHUP), sigaddset(&set, SIGQUIT), sigaddset(&set, SIGWINCH);
  sigprocmask(SIG_BLOCK, &set, NULL);
  session.signals = signalfd(-1, &set, SFD_CLOEXEC);
}

/* Those that would end this process go to the command, which ends both; but for a terminal that is gone, and a guest that does not care. */
static void take_signal(void) {
  struct signalfd_siginfo info;
  if (read(session.signals, &info, sizeof info) != sizeof info) return;
  if (info.ssi_signo == SIGWINCH) {
    if (session.terminal) send_size();
    return;
  }
  send_or_end(SIGNAL, (uint8_t[]){(uint8_t)info.ssi_signo}, 1);
  if ((info.ssi_signo == SIGHUP && session.terminal) || ++session.signalled >= SIGNALS) exit(128 + (int)info.ssi_signo);
}

static void read_input(void) {
  uint8_t bytes[ENTER_CHUNK];
  size_t most = ENTER_WINDOW - session.on_the_way;
  ssize_t length = read(0, bytes, most < sizeof bytes ? most : sizeof bytes);
  if (length < 0 && (errno == EINTR || errno == EAGAIN)) return;
  /* A terminal that has gone: so has the user. */
  if (length <= 0 && session.terminal) exit(128 + SIGHUP);
  session.input_ended = length <= 0;
  session.on_the_way += length < 0 ? 0 : (size_t)length;
  send_or_end(INPUT, bytes, length < 0 ? 0 : (size_t)length);
}

static void show(void) {
  int fd = session.shown_on;
  ssize_t part = session.closed[fd] ? (ssize_t)session.shows : write(fd, session.shown, session.shows < PIECE ? session.shows : PIECE);
  if (part < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (part < 0) {
    session.closed[fd] = true;
    part = (ssize_t)session.shows;
    send_or_end(CLOSED, (uint8_t[]){(uint8_t)fd}, 1);
  }
  session.shown += part;
  session.shows -= (size_t)part;
}

static void end_with(unsigned code, unsigned status) {
  if (code != EXITED && ((code != KILLED && code != DUMPED) || status < 1 || status > 64)) refuse_nonsense();
  restore_terminal();
  exit((int)(code == EXITED ? status : 128 + status));
}

static void take_frame(const struct frame *frame) {
  const uint8_t *data = frame->data;
  if (frame->kind == FAILED && frame->length == 2) refuse_failure(data[0], data[1]);
  if (frame->kind == STARTED && frame->length == 0 && !session.started) {
    session.started = true;
    make_raw();
    block_signals();
    /* It may have changed meanwhile. */
    if (session.terminal) send_size();
  } else if (session.started && (frame->kind == OUTPUT || (frame->kind == ERRORS && !session.terminal)) && frame->length <= ENTER_CHUNK) {
    session.shown = data, session.shows = frame->length, session.shown_on = frame->kind == OUTPUT ? 1 : 2;
  } else if (frame->kind == TAKEN && frame->length == 4) {
    uint32_t taken = (uint32_t)data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 | (uint32_t)data[3] << 24;
    if (taken > session.on_the_way) refuse_nonsense();
    session.on_the_way -= taken;
  } else if (frame->kind == END && frame->length == 2 && session.started) {
    end_with(data[0], data[1]);
  } else {
    refuse_nonsense();
  }
}

static void expect_greeting(int64_t deadline) {
  struct frame frame;
  int state;
  while ((state = next_frame(&session.frames, &frame)) == 0) {
    int64_t left = deadline - now_ms();
    struct pollfd polled = {.fd = session.fd, .events = POLLIN};
    if (left <= 0 || poll(&polled, 1, (int)left) <= 0 || fill_frames(&session.frames) <= 0) refuse_pod("its guest does not answer");
  }
  if (state < 0) refuse_nonsense();
  if (frame.kind == FAILED && frame.length == 2) refuse_failure(frame.data[0], frame.data[1]);
  if (frame.kind != GREETING || frame.length != 0) refuse_nonsense();
}

static void relay(void) {
  int64_t deadline = now_ms() + START_MS;
  for (;;) {
    struct frame frame;
    int state = 0;
    while (session.shows == 0 && (state = next_frame(&session.frames, &frame)) > 0) take_frame(&frame);
    if (state < 0) refuse_nonsense();
    bool shows = session.shows > 0;
    struct pollfd polled[] = {
      {.fd = shows ? -1 : session.fd, .events = POLLIN},
      {.fd = session.signals, .events = POLLIN},
      {.fd = shows ? session.shown_on : -1, .events = POLLOUT},
      {.fd = session.started && !session.input_ended && session.on_the_way < ENTER_WINDOW ? 0 : -1, .events = POLLIN},
    };
    int64_t left = deadline - now_ms();
    if (!session.started && left <= 0) refuse_pod("its guest does not answer");
    if (poll(polled, 4, session.started ? -1 : (int)left) < 0 && errno != EINTR) refuse_pod(strerror(errno));
    if (polled[1].revents != 0) take_signal();
    if (polled[2].revents != 0) show();
    if (polled[3].revents != 0) read_input();
    if (polled[0].revents != 0 && fill_frames(&session.frames) <= 0) {
      refuse("tell how", session.command, " ended: the pod has ended");
    }
  }
}

int enter_guest(int argc, char **argv) {
  if (argc <= WORDS || strcmp(argv[WORDS - 1], "--") != 0) {
    fputs("usage: guest enter CID POD BOOT UNIT APP USER GROUP GROUPS DIRECTORY PATH -- COMMAND ARG...\n", stderr);
    return REFUSED;
  }
  int64_t deadline = now_ms() + PATIENCE_MS;
  session.pod = argv[1], session.app = argv[2 + TEXT_APP], session.command = argv[WORDS];
  session.terminal = isatty(0) && isatty(1);
  signal(SIGPIPE, SIG_IGN);
  session.fd = connect_guest(argv[0], deadline);
  struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
  setsockopt(session.fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  atexit(restore_terminal);
  open_frames(&session.frames, session.fd, ENTER_CHUNK);
  expect_greeting(deadline);
  send_request(argc - 2, argv + 2);
  relay();
  return REFUSED;
}
