import type { TestMachine } from "./machine.ts";

/**
 * A server for sockets that systemd hands over: each connection (or datagram) gets one line that tells what the server got,
 * then the connection is closed. Its argument is after how many idle milliseconds it ends, with status 0.
 */
export const SOCKET_APP = `
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
static const char *say(const char *name) { const char *text = getenv(name); return text ? text : "-"; }
int main(int argc, char **argv) {
  int count = atoi(say("LISTEN_FDS")), idle = argc > 1 ? atoi(argv[1]) : -1;
  struct pollfd fds[16];
  char line[512];
  if (count < 1 || count > 16) { fprintf(stderr, "no sockets\\n"); return 3; }
  snprintf(line, sizeof line, "fds=%s own=%s names=%s\\n", say("LISTEN_FDS"), atoi(say("LISTEN_PID")) == getpid() ? "yes" : "no", say("LISTEN_FDNAMES"));
  for (int i = 0; i < count; i++) fds[i] = (struct pollfd){ .fd = 3 + i, .events = POLLIN };
  while (poll(fds, count, idle) > 0)
    for (int i = 0; i < count; i++) {
      int listens = 0;
      socklen_t size = sizeof listens;
      if (!(fds[i].revents & POLLIN)) continue;
      if (getsockopt(fds[i].fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) < 0) return 4;
      if (listens) {
        int peer = accept(fds[i].fd, NULL, NULL);
        if (peer < 0) continue;
        if (write(peer, line, strlen(line)) < 0) perror("write");
        close(peer);
      } else {
        struct sockaddr_storage from;
        socklen_t length = sizeof from;
        char byte[16];
        if (recvfrom(fds[i].fd, byte, sizeof byte, 0, (struct sockaddr *)&from, &length) >= 0)
          sendto(fds[i].fd, line, strlen(line), 0, (struct sockaddr *)&from, length);
      }
    }
  return 0;
}
`;

/** Connects COUNT times at once to a path, or to a host and port, and prints what each got, or its error; waits so many milliseconds for an answer. */
const CLIENT = `
const net = require("node:net");
const [count, target, host, patience] = process.argv.slice(1);
for (let i = 0; i < Number(count); i++) {
  const socket = net.connect(target.startsWith("/") ? { path: target } : { port: Number(target), host });
  let text = "";
  socket.setTimeout(Number(patience), () => socket.destroy(new Error("silent")));
  socket.on("data", (data) => (text += data));
  socket.on("error", (error) => console.log("error " + (error.code ?? error.message)));
  socket.on("end", () => console.log(text === "" ? "nothing" : text.trimEnd()));
}
`;

/** What `count` connections at once get, a line each, within `patience` milliseconds. `target` is a path or a port. */
export async function connect(
  host: TestMachine,
  target: string | number,
  options: { count?: number; address?: string; patience?: number } = {},
): Promise<string[]> {
  const { count = 1, address = "127.0.0.1", patience = 60_000 } = options;
  const argv = ["/usr/lib/rkt/bin/node", "-e", CLIENT, String(count), String(target), address, String(patience)];
  const result = await host.run(argv, { timeout: patience + 30_000 });
  return result.stdout.split("\n").slice(0, -1);
}

const ASK = `
const socket = require("node:dgram").createSocket("udp4");
setTimeout(() => { console.log("silent"); process.exit(); }, 20000).unref();
socket.on("message", (text) => { console.log(text.toString().trimEnd()); socket.close(); });
socket.send("x", Number(process.argv[1]), "127.0.0.1");
`;

/** The answer to one datagram. */
export async function askDatagram(host: TestMachine, port: number): Promise<string> {
  return (await host.run(["/usr/lib/rkt/bin/node", "-e", ASK, String(port)], { timeout: 40_000 })).stdout.trim();
}
