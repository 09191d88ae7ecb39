/** C sources of what is put into the hosts; compiled statically by `compileStatic`. */

/** stamp FILE: its first act reads the clock; writes microseconds of CLOCK_REALTIME and CLOCK_MONOTONIC, then waits for SIGTERM. */
export const STAMP = `
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
static void leave(int signal) { (void)signal; _exit(0); }
static long long us(struct timespec t) { return t.tv_sec * 1000000LL + t.tv_nsec / 1000; }
int main(int argc, char **argv) {
    struct timespec real, mono;
    clock_gettime(CLOCK_REALTIME, &real);
    clock_gettime(CLOCK_MONOTONIC, &mono);
    /* As PID 1 of a container a signal without a handler would be ignored. */
    signal(SIGTERM, leave);
    char line[64];
    int length = snprintf(line, sizeof line, "%lld %lld\\n", us(real), us(mono));
    int file = argc > 1 ? open(argv[1], O_WRONLY | O_CREAT | O_TRUNC, 0666) : -1;
    if (file < 0 || write(file, line, length) != length) return 1;
    close(file);
    for (;;) pause();
}
`;

/**
 * marks: of a virtual machine, whose clock is not the host's: connects to port 29299 of the host as soon as it has read its own, and says
 * "stamp MONOTONIC FORKED INIT MOUNTED SENT": then, when this process was forked, when the first program of the initrd was started, and when it had
 * mounted all, and when it says so; µs of its clock.
 */
export const MARKS = `
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <linux/vm_sockets.h>
static char text[1 << 20];
static void leave(int signal) { (void)signal; _exit(0); }
static long long us(struct timespec t) { return t.tv_sec * 1000000LL + t.tv_nsec / 1000; }
static long long when(const char *said) {
    char *place = strstr(text, said);
    while (place != NULL && place > text && place[-1] != '\\n') place--;
    char *bracket = place == NULL ? NULL : strchr(place, '[');
    return bracket == NULL ? 0 : (long long)(atof(bracket + 1) * 1e6);
}
int main(void) {
    struct timespec mono;
    clock_gettime(CLOCK_MONOTONIC, &mono);
    struct sockaddr_vm host = { .svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_HOST, .svm_port = 29299 };
    int line = socket(AF_VSOCK, SOCK_STREAM, 0);
    if (line < 0 || connect(line, (struct sockaddr *)&host, sizeof host) < 0) return perror("vsock"), 1;
    signal(SIGTERM, leave);
    char stat[1024] = "";
    FILE *self = fopen("/proc/self/stat", "r");
    if (self == NULL || fgets(stat, sizeof stat, self) == NULL) return 1;
    char *word = strrchr(stat, ')');
    for (int i = 0; word != NULL && i < 20; i++) word = strchr(word + 1, ' ');
    long long forked = word == NULL ? 0 : atoll(word + 1) * 1000000LL / sysconf(_SC_CLK_TCK);
    if (klogctl(3, text, sizeof text - 1) < 0) return perror("klogctl"), 1;
    long long init = when("Run /init as init process"), mounted = when("rkt: file systems are mounted");
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    dprintf(line, "stamp %lld %lld %lld %lld %lld\\n", us(mono), forked, init, mounted, us(now));
    close(line);
    for (;;) pause();
}
`;

/** The init of a virtual machine and all there is in it: says "stamp MONOTONIC" at the serial port, and ends the machine. */
export const BARE_INIT = `
#include <fcntl.h>
#include <stdio.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
int main(void) {
    struct timespec mono;
    clock_gettime(CLOCK_MONOTONIC, &mono);
    mknod("/dev/ttyS0", S_IFCHR | 0600, makedev(4, 64));
    int line = open("/dev/ttyS0", O_WRONLY | O_NOCTTY);
    dprintf(line, "stamp %lld\\n", mono.tv_sec * 1000000LL + mono.tv_nsec / 1000);
    tcdrain(line);
    reboot(RB_AUTOBOOT);
    for (;;) pause();
}
`;

/**
 * timed COMMAND ARG…: runs it and prints to descriptor 3: wall µs, CPU µs of it and of all its descendants that were waited for,
 * KiB of memory that the largest of these processes had resident, exit status.
 */
export const TIMED = `
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
static long long now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1000000LL + t.tv_nsec / 1000; }
static long long us(struct timeval t) { return t.tv_sec * 1000000LL + t.tv_usec; }
int main(int argc, char **argv) {
    if (argc < 2) return 125;
    long long start = now();
    pid_t child = fork();
    if (child < 0) return 125;
    if (child == 0) { close(3); execvp(argv[1], argv + 1); _exit(127); }
    int status;
    struct rusage usage;
    if (wait4(child, &status, 0, &usage) < 0) return 125;
    long long wall = now() - start;
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    dprintf(3, "%lld %lld %ld %d\\n", wall, us(usage.ru_utime) + us(usage.ru_stime), usage.ru_maxrss, code);
    return code;
}
`;

/** rtt serve PORT: sends back each byte. rtt ask ADDRESS PORT COUNT: the median of so many round trips of one byte over TCP, in µs. */
export const RTT = `
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1e6 + t.tv_nsec / 1e3; }
static int ascending(const void *a, const void *b) { double d = *(double *)a - *(double *)b; return d < 0 ? -1 : d > 0; }
static int serve(int sock) {
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int peer = accept(sock, NULL, NULL), one = 1;
        if (peer < 0) return 1;
        if (fork() == 0) {
            char byte;
            setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
            while (read(peer, &byte, 1) == 1 && write(peer, &byte, 1) == 1);
            _exit(0);
        }
        close(peer);
    }
}
static int ask(int sock, int count) {
    double *trips = calloc(count, sizeof *trips);
    int one = 1;
    char byte = 'x';
    setsockopt(sock, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    for (int i = 0; i < count; i++) {
        double start = now();
        if (write(sock, &byte, 1) != 1 || read(sock, &byte, 1) != 1) return 1;
        trips[i] = now() - start;
    }
    qsort(trips, count, sizeof *trips, ascending);
    printf("%.2f\\n", trips[count / 2]);
    return 0;
}
int main(int argc, char **argv) {
    int server = argc == 3 && strcmp(argv[1], "serve") == 0, one = 1;
    if (!server && argc != 5) return 2;
    int sock = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(atoi(argv[server ? 2 : 3])) };
    setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (!server) inet_pton(AF_INET, argv[2], &address.sin_addr);
    if (server ? bind(sock, (void *)&address, sizeof address) || listen(sock, 8) : connect(sock, (void *)&address, sizeof address)) { perror("rtt"); return 1; }
    return server ? serve(sock) : ask(sock, atoi(argv[4]));
}
`;
