/*
 * How "rkt enter" speaks with a guest: frames over one connection of vsock(7), which each side checks.
 *
 * A frame is its kind (1 byte), the length of what follows (3 bytes, least significant first), and that. The host begins with a request,
 * and gets GREETING at once; STARTED when the command runs; END or FAILED as the last one.
 */
#ifndef GUEST_ENTER_H
#define GUEST_ENTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ENTER_PORT 29294
/* Commands at once in one guest. */
#define ENTER_MOST 8
/* Bytes of what a program reads or prints in one frame. */
#define ENTER_CHUNK 16384
/* Bytes of standard input on their way: they must not stand before a signal. */
#define ENTER_WINDOW 65536
#define ENTER_REQUEST 262144

enum frame_kind {
  /* Host to guest. */
  REQUEST = 'R', /* texts, each ended by a zero byte: see enum request_text */
  INPUT = 'I',   /* bytes; none: the end */
  SIZE = 'W',    /* rows, columns: 2 bytes each */
  SIGNAL = 'S',  /* 1 byte */
  CLOSED = 'C',  /* 1 byte, 1 or 2: nobody reads this output any more */
  /* Guest to host. */
  GREETING = 'H',
  STARTED = 'B',
  OUTPUT = 'O',  /* bytes */
  ERRORS = 'E',  /* bytes, of standard error */
  TAKEN = 'T',   /* 4 bytes: so many bytes of input were taken by the command */
  END = 'X',     /* 2 bytes: enum end_code, and exit status or signal */
  FAILED = 'F',  /* 2 bytes: enum failure, and for FAILED_START the exit status of systemd.exec(5), else 0 */
};

enum end_code { EXITED = 1, KILLED = 2, DUMPED = 3 };

enum failure { FAILED_MANY = 1, FAILED_APP = 2, FAILED_START = 3, FAILED_OTHER = 4 };

/* The first texts of a request; the command's follow, one at least. */
enum request_text {
  TEXT_BOOT,        /* the guest's boot id: pods of other engines may have low ports of the host's, but do not know it */
  TEXT_UNIT,        /* of systemd, transient: "rkt_enter-…" */
  TEXT_APP,         /* the app's unit */
  TEXT_USER,
  TEXT_GROUP,
  TEXT_GROUPS,      /* further ones, with spaces between them */
  TEXT_DIRECTORY,
  TEXT_PATH,        /* where a program's name is looked up, with colons between them */
  TEXT_TERM,        /* of a terminal; empty: three pipes */
  TEXT_ROWS,
  TEXT_COLUMNS,
  TEXTS,
};

struct frame {
  enum frame_kind kind;
  size_t length;
  uint8_t *data;
};

/* What came of one connection, and is not a whole frame yet. */
struct frames {
  int fd;
  size_t most; /* longest frame */
  uint8_t *buffer;
  size_t have, used;
};

void open_frames(struct frames *frames, int fd, size_t most);
/* Reads once. 1: something came, 0: the connection has ended, -1: it is broken. */
int fill_frames(struct frames *frames);
/* 1: a frame, valid until the next call; 0: not yet a whole one; -1: too long. */
int next_frame(struct frames *frames, struct frame *frame);
bool send_frame(int fd, enum frame_kind kind, const void *data, size_t length);
/* false: broken, or a time-out of the socket. */
bool write_all(int fd, const void *data, size_t length);

/* PID 1 of the guest, by its private socket. */
struct manager {
  int fd;
  uint8_t *message;
  char unit[300], unit_path[900];
  /* What was told of the unit. */
  bool answered, refused, job_done, job_failed, over;
  int32_t code, status;
};

struct unit_request {
  char *const *texts; /* enum request_text, then the command */
  size_t words;       /* of the command */
  const char *terminal;
  int pipes[3];
};

bool open_manager(struct manager *manager, const char *unit);
bool start_unit(struct manager *manager, const struct unit_request *request);
/* Takes one message, which may have to be waited for. false: PID 1 does not speak any more. */
bool read_manager(struct manager *manager);
bool signal_unit(struct manager *manager, int signal);
bool stop_unit(struct manager *manager);

/* Of a file of a unit's control group. */
#define PATH_SPACE 512

bool is_running(const char *app);
bool open_gate(const char *unit);
/* Returns how many processes were there. */
int move_into(const char *app, const char *unit);
/* When the start is over. */
void open_up(const char *unit);
/* Where nothing was started, or may be. */
void abandon_gate(const char *unit);

int serve_enter(void);
int enter_guest(int argc, char **argv);

#endif
