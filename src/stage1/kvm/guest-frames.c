/* Frames of guest-enter.h, read and written. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "guest-enter.h"

enum { HEADER = 4 };

void open_frames(struct frames *frames, int fd, size_t most) {
  *frames = (struct frames){.fd = fd, .most = most, .buffer = malloc(HEADER + most)};
  if (frames->buffer == NULL) exit(254);
}

int fill_frames(struct frames *frames) {
  memmove(frames->buffer, frames->buffer + frames->used, frames->have - frames->used);
  frames->have -= frames->used;
  frames->used = 0;
  ssize_t length = read(frames->fd, frames->buffer + frames->have, HEADER + frames->most - frames->have);
  if (length < 0) return errno == EINTR || errno == EAGAIN ? 1 : -1;
  frames->have += (size_t)length;
  return length > 0;
}

int next_frame(struct frames *frames, struct frame *frame) {
  const uint8_t *header = frames->buffer + frames->used;
  size_t left = frames->have - frames->used;
  if (left < HEADER) return 0;
  size_t length = (size_t)header[1] | (size_t)header[2] << 8 | (size_t)header[3] << 16;
  if (length > frames->most) return -1;
  if (left < HEADER + length) return 0;
  *frame = (struct frame){.kind = header[0], .length = length, .data = frames->buffer + frames->used + HEADER};
  frames->used += HEADER + length;
  return 1;
}

bool write_all(int fd, const void *data, size_t length) {
  for (const uint8_t *at = data; length > 0;) {
    ssize_t part = write(fd, at, length);
    if (part < 0 && errno == EINTR) continue;
    if (part < 0) return false;
    at += part;
    length -= (size_t)part;
  }
  return true;
}

bool send_frame(int fd, enum frame_kind kind, const void *data, size_t length) {
  uint8_t header[HEADER] = {(uint8_t)kind, (uint8_t)length, (uint8_t)(length >> 8), (uint8_t)(length >> 16)};
  return write_all(fd, header, HEADER) && write_all(fd, data, length);
}
