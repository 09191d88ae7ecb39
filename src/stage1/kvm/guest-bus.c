/*
 * As much of D-Bus as "rkt enter" needs: the guest has no bus, but its PID 1 listens on a private socket, where root may call it and is
 * told all signals. Used inside the guest only.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "guest-enter.h"

#define SOCKET_PATH "/run/systemd/private"
#define MANAGER "org.freedesktop.systemd1.Manager"
enum { MOST = 1 << 20, CALL = 1, ANSWER = 2, ERROR = 3, SIGNALLED = 4, START = 1, NO_REPLY = 1 };
enum { FIELD_PATH = 1, FIELD_INTERFACE, FIELD_MEMBER, FIELD_ERROR, FIELD_REPLY, FIELD_DESTINATION, FIELD_SENDER, FIELD_SIGNATURE, FIELD_FDS };

/* Writing. Alignment counts from the start, which the message has at a multiple of 8. */
struct text {
  uint8_t *data;
  size_t length, room;
};

struct array {
  size_t place, start;
};

static void put(struct text *text, const void *data, size_t length) {
  if (length > text->room - text->length) exit(254);
  memcpy(text->data + text->length, data, length);
  text->length += length;
}

static void align(struct text *text, size_t unit) {
  while (text->length % unit != 0) put(text, "", 1);
}

static void put_number(struct text *text, uint32_t number) {
  align(text, 4);
  put(text, &number, 4);
}

static void put_string(struct text *text, const char *string) {
  put_number(text, (uint32_t)strlen(string));
  put(text, string, strlen(string) + 1);
}

static void put_signature(struct text *text, const char *signature) {
  put(text, &(uint8_t){(uint8_t)strlen(signature)}, 1);
  put(text, signature, strlen(signature) + 1);
}

/* An array's length counts from its first element. */
static struct array open_array(struct text *text, size_t unit) {
  put_number(text, 0);
  struct array array = {.place = text->length - 4};
  align(text, unit);
  array.start = text->length;
  return array;
}

static void close_array(struct text *text, struct array array) {
  uint32_t length = (uint32_t)(text->length - array.start);
  memcpy(text->data + array.place, &length, 4);
}

static void begin_property(struct text *text, const char *name, const char *signature) {
  align(text, 8);
  put_string(text, name);
  put_signature(text, signature);
}

static void put_text_property(struct text *text, const char *name, const char *value) {
  begin_property(text, name, "s");
  put_string(text, value);
}

static void put_flag_property(struct text *text, const char *name, bool value) {
  begin_property(text, name, "b");
  put_number(text, value);
}

static void put_descriptor_property(struct text *text, const char *name, uint32_t index) {
  begin_property(text, name, "h");
  put_number(text, index);
}

/* `value` has items with `separators` between them. */
static void put_list_property(struct text *text, const char *name, const char *value, const char *separators) {
  char *copy = strdup(value), *rest = copy;
  if (copy == NULL) exit(254);
  begin_property(text, name, "as");
  struct array list = open_array(text, 4);
  for (char *item = strtok_r(copy, separators, &rest); item != NULL; item = strtok_r(NULL, separators, &rest)) put_string(text, item);
  close_array(text, list);
  free(copy);
}

static void put_command_property(struct text *text, char *const *words, size_t count) {
  begin_property(text, "ExecStart", "a(sasb)");
  struct array commands = open_array(text, 8);
  align(text, 8);
  put_string(text, words[0]);
  struct array list = open_array(text, 4);
  for (size_t i = 0; i < count; i++) put_string(text, words[i]);
  close_array(text, list);
  put_number(text, false);
  close_array(text, commands);
}

static void put_field(struct text *text, uint8_t code, const char *type, const char *value) {
  align(text, 8);
  put(text, &code, 1);
  put_signature(text, type);
  if (*type == 'g') put_signature(text, value);
  else put_string(text, value);
}

/* A call of the manager; `fds` go with it. */
static bool call(struct manager *manager, const char *member, const char *signature, const struct text *body, const int *fds, size_t count) {
  static uint32_t serial = 0;
  uint8_t space[1024];
  struct text head = {.data = space, .room = sizeof space};
  serial++;
  put(&head, (uint8_t[]){'l', CALL, serial == START ? 0 : NO_REPLY, 1}, 4);
  put_number(&head, (uint32_t)body->length);
  put_number(&head, serial);
  struct array fields = open_array(&head, 8);
  put_field(&head, FIELD_PATH, "o", "/org/freedesktop/systemd1");
  put_field(&head, FIELD_INTERFACE, "s", MANAGER);
  put_field(&head, FIELD_MEMBER, "s", member);
  put_field(&head, FIELD_DESTINATION, "s", "org.freedesktop.systemd1");
  put_field(&head, FIELD_SIGNATURE, "g", signature);
  if (count > 0) {
    align(&head, 8);
    put(&head, &(uint8_t){FIELD_FDS}, 1);
    put_signature(&head, "u");
    put_number(&head, (uint32_t)count);
  }
  close_array(&head, fields);
  align(&head, 8);
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(3 * sizeof(int))];
  } control = {0};
  struct iovec part = {.iov_base = head.data, .iov_len = head.length};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  if (count > 0) {
    message.msg_control = &control;
    message.msg_controllen = CMSG_SPACE(count * sizeof(int));
    control.header = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(count * sizeof(int))};
    memcpy(CMSG_DATA(&control.header), fds, count * sizeof(int));
  }
  return sendmsg(manager->fd, &message, MSG_NOSIGNAL) == (ssize_t)head.length && write_all(manager->fd, body->data, body->length);
}

static bool read_all(int fd, void *data, size_t length) {
  for (uint8_t *at = data; length > 0;) {
    ssize_t part = read(fd, at, length);
    if (part < 0 && errno == EINTR) continue;
    if (part <= 0) return false;
    at += part;
    length -= (size_t)part;
  }
  return true;
}

/* As systemd writes a unit's name in its path. */
static void escape_unit(const char *unit, char *path, size_t size) {
  size_t at = (size_t)snprintf(path, size, "/org/freedesktop/systemd1/unit/");
  for (; *unit != 0 && at + 4 < size; unit++) at += (size_t)snprintf(path + at, size - at, isalnum((unsigned char)*unit) ? "%c" : "_%02x", (unsigned char)*unit);
}

bool open_manager(struct manager *manager, const char *unit) {
  static const char hello[] = "\0AUTH EXTERNAL 30\r\nNEGOTIATE_UNIX_FD\r\nBEGIN\r\n";
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = SOCKET_PATH};
  *manager = (struct manager){.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), .message = malloc(MOST)};
  if (manager->message == NULL || strlen(unit) >= sizeof manager->unit) return false;
  strcpy(manager->unit, unit);
  escape_unit(unit, manager->unit_path, sizeof manager->unit_path);
  if (manager->fd < 0 || connect(manager->fd, (struct sockaddr *)&address, sizeof address) < 0) return false;
  if (!write_all(manager->fd, hello, sizeof hello - 1)) return false;
  /* "OK GUID", "AGREE_UNIX_FD", then messages. */
  char byte, first = 0;
  for (int lines = 0; lines < 2; first = byte == '\n' ? 0 : first) {
    if (!read_all(manager->fd, &byte, 1)) return false;
    if (first == 0) first = byte;
    if (first != "OA"[lines]) return false;
    if (byte == '\n') lines++;
  }
  return true;
}

/* The same unit as src/systemd/enter-properties.ts makes of a pod under nspawn; the app's limits come by drop-ins. */
bool start_unit(struct manager *manager, const struct unit_request *request) {
  char *const *texts = request->texts, environment[100];
  struct text body = {.data = malloc(2 * ENTER_REQUEST + 8192), .room = 2 * ENTER_REQUEST + 8192};
  if (body.data == NULL) return false;
  put_string(&body, manager->unit);
  put_string(&body, "fail");
  struct array properties = open_array(&body, 8);
  snprintf(environment, sizeof environment, "Entered %.80s", texts[TEXT_APP]);
  put_text_property(&body, "Description", environment);
  put_flag_property(&body, "DefaultDependencies", false);
  put_text_property(&body, "Type", "exec");
  put_text_property(&body, "CollectMode", "inactive-or-failed");
  put_command_property(&body, texts + TEXTS, request->words);
  put_list_property(&body, "ExecSearchPath", texts[TEXT_PATH], ":");
  put_flag_property(&body, "IgnoreSIGPIPE", false);
  put_flag_property(&body, "SendSIGHUP", true);
  put_text_property(&body, "User", texts[TEXT_USER]);
  put_text_property(&body, "Group", texts[TEXT_GROUP]);
  put_list_property(&body, "SupplementaryGroups", texts[TEXT_GROUPS], " ");
  put_text_property(&body, "WorkingDirectory", texts[TEXT_DIRECTORY]);
  if (request->terminal != NULL) {
    snprintf(environment, sizeof environment, "TERM=%.80s", texts[TEXT_TERM]);
    put_list_property(&body, "Environment", environment, "\n");
    put_text_property(&body, "TTYPath", request->terminal);
    put_flag_property(&body, "TTYVHangup", false);
    put_flag_property(&body, "TTYReset", false);
    put_text_property(&body, "StandardInput", "tty");
    put_text_property(&body, "StandardOutput", "tty");
    put_text_property(&body, "StandardError", "tty");
  } else {
    put_descriptor_property(&body, "StandardInputFileDescriptor", 0);
    put_descriptor_property(&body, "StandardOutputFileDescriptor", 1);
    put_descriptor_property(&body, "StandardErrorFileDescriptor", 2);
  }
  close_array(&body, properties);
  close_array(&body, open_array(&body, 8));
  bool done = call(manager, "StartTransientUnit", "ssa(sv)a(sa(sv))", &body, request->pipes, request->terminal == NULL ? 3 : 0);
  free(body.data);
  return done;
}

bool signal_unit(struct manager *manager, int signal) {
  uint8_t space[512];
  struct text body = {.data = space, .room = sizeof space};
  put_string(&body, manager->unit);
  put_string(&body, "all");
  put_number(&body, (uint32_t)signal);
  return call(manager, "KillUnit", "ssi", &body, NULL, 0);
}

bool stop_unit(struct manager *manager) {
  uint8_t space[512];
  struct text body = {.data = space, .room = sizeof space};
  put_string(&body, manager->unit);
  put_string(&body, "replace");
  return call(manager, "StopUnit", "ss", &body, NULL, 0);
}

/* Reading: what is not there is empty, and `bad` is set. Offsets count from the message's start. */
struct cursor {
  const uint8_t *data;
  size_t at, end;
  bool bad;
};

static const uint8_t *take(struct cursor *cursor, size_t unit, size_t length) {
  size_t at = (cursor->at + unit - 1) / unit * unit;
  if (cursor->bad || at > cursor->end || length > cursor->end - at) {
    cursor->bad = true;
    return (const uint8_t *)"\0\0\0\0\0\0\0\0";
  }
  cursor->at = at + length;
  return cursor->data + at;
}

static uint32_t take_number(struct cursor *cursor) {
  uint32_t number;
  memcpy(&number, take(cursor, 4, 4), 4);
  return number;
}

static const char *take_string(struct cursor *cursor) {
  uint32_t length = take_number(cursor);
  const char *string = (const char *)take(cursor, 1, (size_t)length + 1);
  return cursor->bad || string[length] != 0 ? "" : string;
}

static const char *take_signature(struct cursor *cursor) {
  size_t length = *take(cursor, 1, 1);
  const char *string = (const char *)take(cursor, 1, length + 1);
  return cursor->bad || string[length] != 0 ? "" : string;
}

static size_t unit_of(char type) {
  return strchr("yg v", type) != NULL ? 1 : strchr("nq", type) != NULL ? 2 : strchr("xtd({", type) != NULL ? 8 : 4;
}

/* Passes over one value; returns what follows its type in the signature. */
static const char *skip(struct cursor *cursor, const char *signature, int depth) {
  char type = *signature;
  if (type == 0 || depth > 32) cursor->bad = true;
  if (cursor->bad) return "";
  if (type == 's' || type == 'o') take_string(cursor);
  else if (type == 'g') take_signature(cursor);
  else if (type == 'v') skip(cursor, take_signature(cursor), depth + 1);
  else if (type == 'a') {
    uint32_t length = take_number(cursor);
    take(cursor, unit_of(signature[1]), 0);
    take(cursor, 1, length);
    /* The element's type alone. */
    const char *at = signature + 1;
    while (*at == 'a') at++;
    if (*at != '(' && *at != '{') return *at == 0 ? at : at + 1;
    for (int open = 0; *at != 0;) {
      open += *at == '(' || *at == '{' ? 1 : *at == ')' || *at == '}' ? -1 : 0;
      at++;
      if (open == 0) break;
    }
    return at;
  } else if (type == '(' || type == '{') {
    take(cursor, 8, 0);
    const char *at = signature + 1;
    while (!cursor->bad && *at != 0 && *at != ')' && *at != '}') at = skip(cursor, at, depth + 1);
    return *at == 0 ? at : at + 1;
  } else take(cursor, unit_of(type), unit_of(type));
  return signature + 1;
}

/* What changed of the unit. */
static void read_changes(struct manager *manager, struct cursor *body) {
  take_string(body);
  uint32_t length = take_number(body);
  take(body, 8, 0);
  if (body->bad || length > body->end - body->at) return;
  body->end = body->at + length;
  while (!body->bad && body->at < body->end) {
    take(body, 8, 0);
    const char *name = take_string(body), *signature = take_signature(body);
    if (strcmp(name, "ExecMainCode") == 0 && strcmp(signature, "i") == 0) manager->code = (int32_t)take_number(body);
    else if (strcmp(name, "ExecMainStatus") == 0 && strcmp(signature, "i") == 0) manager->status = (int32_t)take_number(body);
    else if (strcmp(name, "ActiveState") == 0 && strcmp(signature, "s") == 0) {
      const char *state = take_string(body);
      manager->over = strcmp(state, "inactive") == 0 || strcmp(state, "failed") == 0;
    } else skip(body, signature, 0);
  }
}

static void read_job(struct manager *manager, struct cursor *body) {
  take_number(body);
  take_string(body);
  const char *unit = take_string(body), *result = take_string(body);
  if (body->bad || manager->job_done || strcmp(unit, manager->unit) != 0) return;
  manager->job_done = true;
  manager->job_failed = strcmp(result, "done") != 0;
}

bool read_manager(struct manager *manager) {
  uint32_t lengths[3];
  uint8_t *message = manager->message;
  if (!read_all(manager->fd, message, 16)) return false;
  memcpy(lengths, message + 4, sizeof lengths);
  size_t head = (16 + (size_t)lengths[2] + 7) / 8 * 8, total = head + lengths[0];
  if (message[0] != 'l' || lengths[2] > MOST || lengths[0] > MOST || total > MOST || !read_all(manager->fd, message + 16, total - 16)) return false;
  struct cursor fields = {.data = message, .at = 16, .end = 16 + lengths[2]}, body = {.data = message, .at = head, .end = total};
  const char *path = "", *member = "";
  uint32_t reply = 0;
  while (!fields.bad && fields.at < fields.end) {
    uint8_t code = *take(&fields, 8, 1);
    const char *signature = take_signature(&fields);
    if (code == FIELD_PATH && *signature == 'o') path = take_string(&fields);
    else if (code == FIELD_MEMBER && *signature == 's') member = take_string(&fields);
    else if (code == FIELD_REPLY && *signature == 'u') reply = take_number(&fields);
    else skip(&fields, signature, 0);
  }
  if ((message[1] == ANSWER || message[1] == ERROR) && reply == START) manager->answered = true, manager->refused = message[1] == ERROR;
  if (message[1] != SIGNALLED) return true;
  if (strcmp(member, "JobRemoved") == 0) read_job(manager, &body);
  if (strcmp(member, "PropertiesChanged") == 0 && strcmp(path, manager->unit_path) == 0) read_changes(manager, &body);
  return true;
}
