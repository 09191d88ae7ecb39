/*
 * The one program of the fly engine: it makes an app's root in a mount namespace of its own and becomes the app, so that the app is
 * the unit's main process and everything that was mounted goes with it.
 *
 *   rkt-fly run SPEC         becomes the app
 *   rkt-fly post-stop SPEC   becomes the app's handler for its end, in the same root made anew
 *   rkt-fly enter SPEC PID UID GID -- CMD…   runs a command in the mount namespace, root and control group of a running app;
 *                            GID is followed by supplementary ones, separated by commas; enter-terminal[:ROWSxCOLUMNS]: with the terminal of this
 *                            session, whose window is that large
 *
 * SPEC is written by src/stage1/fly/spec-file.ts: a line per item, fields separated by tabs, `\xNN` for bytes that are neither.
 * Nothing is resolved on the host that belongs to the image: each step of a path inside is opened by itself, links are read and followed here,
 * and what is mounted is mounted on the descriptor that was looked at. An image or a volume may hold any link.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* systemd's own (systemd.exec(5), "Process Exit Codes"). */
enum { EXIT_CHDIR_FAILED = 200, EXIT_EXEC_FAILED = 203, EXIT_CAPABILITIES_FAILED = 218, EXIT_USER_FAILED = 217, EXIT_NAMESPACE_FAILED = 226 };

struct item {
    char **fields;
    int count;
};

static struct item *items;
static int item_count;
static const char *app_name = "?";

static void __attribute__((noreturn, format(printf, 2, 3))) fail(int code, const char *format, ...)
{
    int error = errno;
    char text[2048];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    fprintf(stderr, "Cannot run app \"%s\": %s: %s\n", app_name, text, strerror(error));
    exit(code);
}

static void *must(void *memory)
{
    if (memory == NULL) fail(1, "no memory");
    return memory;
}

/* ---- the specification ---- */

static int hex(char digit)
{
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
    errno = EINVAL;
    fail(1, "its specification holds a bad escape");
}

static void unescape(char *text)
{
    char *out = text;
    for (; *text != '\0'; text++) {
        if (*text == '\\' && text[1] == 'x') {
            *out++ = (char)(hex(text[2]) << 4 | hex(text[3]));
            text += 3;
        } else {
            *out++ = *text;
        }
    }
    *out = '\0';
}

static void read_spec(const char *path)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) fail(1, "reading %s", path);
    char *line = NULL;
    size_t size = 0;
    ssize_t length;
    while ((length = getline(&line, &size, file)) > 0) {
        if (line[length - 1] == '\n') line[--length] = '\0';
        if (length == 0 || line[0] == '#') continue;
        struct item item = {NULL, 0};
        for (char *field, *rest = line; (field = strsep(&rest, "\t")) != NULL;) {
            item.fields = must(realloc(item.fields, sizeof(char *) * (size_t)(item.count + 2)));
            item.fields[item.count] = must(strdup(field));
            unescape(item.fields[item.count++]);
            item.fields[item.count] = NULL;
        }
        items = must(realloc(items, sizeof *items * (size_t)(item_count + 1)));
        items[item_count++] = item;
    }
    free(line);
    fclose(file);
}

/* The first item of that key with at least so many values; NULL where there is none. */
static char **find(const char *key, int values)
{
    for (int i = 0; i < item_count; i++)
        if (strcmp(items[i].fields[0], key) == 0 && items[i].count > values) return items[i].fields + 1;
    return NULL;
}

static const char *need(const char *key)
{
    char **values = find(key, 1);
    if (values == NULL) {
        errno = EINVAL;
        fail(1, "its specification has no \"%s\"", key);
    }
    return values[0];
}

#define FOR_EACH(values, key, least) \
    for (int at_ = 0; at_ < item_count; at_++) \
        if (strcmp(items[at_].fields[0], key) != 0 || items[at_].count <= (least)) continue; \
        else for (char **values = items[at_].fields + 1; values != NULL; values = NULL)

/* ---- paths inside ---- */

static int open_exactly(int root, const char *path)
{
    struct open_how how = {
        .flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
    };
    return (int)syscall(SYS_openat2, root, *path == '\0' ? "." : path, &how, sizeof how);
}

static int make_entry(int root, const char *parent, const char *name, int directory)
{
    int within = open_exactly(root, parent);
    if (within < 0) return -1;
    int result = directory ? mkdirat(within, name, 0755) : mknodat(within, name, S_IFREG | 0644, 0);
    int error = errno;
    close(within);
    errno = error;
    return result;
}

/* A descriptor of `path` inside, every link resolved inside, what is missing made. */
static int place(int root, const char *path, int directory)
{
    char done[PATH_MAX] = "", pending[2 * PATH_MAX];
    int links = 0, found = open_exactly(root, "");
    if (snprintf(pending, sizeof pending, "%s", path) >= PATH_MAX) goto too_long;
    char *rest = pending;
    while (found >= 0) {
        rest += strspn(rest, "/");
        if (*rest == '\0') return found;
        size_t length = strcspn(rest, "/");
        char name[NAME_MAX + 1];
        if (length > NAME_MAX) goto too_long;
        memcpy(name, rest, length);
        name[length] = '\0';
        rest += length;
        close(found);
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
            if (name[1] == '.') {
                char *last = strrchr(done, '/');
                *(last == NULL ? done : last) = '\0';
            }
            found = open_exactly(root, done);
            continue;
        }
        char next[PATH_MAX];
        if (snprintf(next, sizeof next, "%s%s%s", done, *done == '\0' ? "" : "/", name) >= PATH_MAX) goto too_long;
        found = open_exactly(root, next);
        if (found < 0 && errno == ENOENT) {
            int last = rest[strspn(rest, "/")] == '\0';
            if (make_entry(root, done, name, directory || !last) < 0 && errno != EEXIST) return -1;
            found = open_exactly(root, next);
        }
        struct stat stat;
        if (found < 0 || fstat(found, &stat) < 0) return -1;
        if (!S_ISLNK(stat.st_mode)) {
            strcpy(done, next);
            continue;
        }
        char target[PATH_MAX], joined[2 * PATH_MAX];
        ssize_t size = readlinkat(found, "", target, sizeof target - 1);
        if (size < 0) return -1;
        target[size] = '\0';
        if (++links > 40) {
            errno = ELOOP;
            return -1;
        }
        if (*target == '/') *done = '\0';
        if (snprintf(joined, sizeof joined, "%s/%s", target, rest) >= (int)sizeof joined) goto too_long;
        strcpy(pending, joined);
        rest = pending;
        close(found);
        found = open_exactly(root, done);
    }
    return -1;
too_long:
    errno = ENAMETOOLONG;
    return -1;
}

/* ---- mounts ---- */

/* Flags: `r` read-only, `l` what a link of the host leads to. */
static void bind_at(int root, const char *source, const char *target, const char *flags, int recursive)
{
    unsigned deep = recursive ? AT_RECURSIVE : 0, link = strchr(flags, 'l') != NULL ? 0 : AT_SYMLINK_NOFOLLOW;
    struct stat stat;
    int tree = open_tree(AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | link | deep);
    if (tree < 0 || fstat(tree, &stat) < 0) fail(EXIT_NAMESPACE_FAILED, "finding %s", source);
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};
    if (strchr(flags, 'r') != NULL && mount_setattr(tree, "", AT_EMPTY_PATH | deep, &attributes, sizeof attributes) < 0)
        fail(EXIT_NAMESPACE_FAILED, "making %s read-only", source);
    int at = place(root, target, S_ISDIR(stat.st_mode));
    if (at < 0) fail(EXIT_NAMESPACE_FAILED, "making the mount point %s", target);
    if (move_mount(tree, "", at, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
        fail(EXIT_NAMESPACE_FAILED, "mounting %s at %s", source, target);
    close(tree);
    close(at);
}

static void link_to(const char *target, const char *name)
{
    if (symlink(target, name) < 0) fail(EXIT_NAMESPACE_FAILED, "linking %s", target);
}

/*
 * Layers are named by short links in a tmpfs of our own: the kernel takes one page of options, and splits them at colons and commas.
 * The tmpfs goes with the old root.
 */
static int mount_root(void)
{
    const char *scratch = need("scratch");
    if (mount("tmpfs", scratch, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0700") < 0) fail(EXIT_NAMESPACE_FAILED, "mounting at %s", scratch);
    if (chdir(scratch) < 0 || mkdir("root", 0755) < 0) fail(EXIT_NAMESPACE_FAILED, "using %s", scratch);
    char options[4096];
    int length = snprintf(options, sizeof options, "userxattr,upperdir=w/upper,workdir=w/work,lowerdir="), layers = 0;
    FOR_EACH(values, "layer", 1) {
        char name[16];
        snprintf(name, sizeof name, "%d", layers);
        link_to(values[0], name);
        length += snprintf(options + length, sizeof options - (size_t)length, "%s%s", layers++ == 0 ? "" : ":", name);
        if (length > 4000) fail((errno = E2BIG, EXIT_NAMESPACE_FAILED), "its image has too many layers");
    }
    link_to(need("writable"), "w");
    // Without layers their copies are there already.
    if ((layers == 0 ? mount("w/upper", "root", NULL, MS_BIND, NULL) : mount("overlay", "root", "overlay", 0, options)) < 0)
        fail(EXIT_NAMESPACE_FAILED, "mounting its root");
    FOR_EACH(values, "tmpfs", 2) {
        if (mkdir(values[0], 0700) < 0 || mount("tmpfs", values[0], "tmpfs", MS_NOSUID | MS_NODEV, values[1]) < 0)
            fail(EXIT_NAMESPACE_FAILED, "mounting %s", values[0]);
    }
    int root = open("root", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0) fail(EXIT_NAMESPACE_FAILED, "opening its root");
    return root;
}

static void mount_all(int root)
{
    FOR_EACH(values, "bind", 4) {
        int optional = strchr(values[0], '?') != NULL;
        if (optional && access(values[2], F_OK) < 0) continue;
        bind_at(root, values[2], values[3], values[0], strcmp(values[1], "deep") == 0);
    }
    int speaks = find("notify", 0) != NULL || find("watchdog", 0) != NULL;
    const char *notify = speaks ? getenv("NOTIFY_SOCKET") : NULL;
    if (notify != NULL && *notify == '/') bind_at(root, notify, notify, "-", 0);
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};
    if (find("read-only", 0) != NULL && mount_setattr(root, "", AT_EMPTY_PATH, &attributes, sizeof attributes) < 0)
        fail(EXIT_NAMESPACE_FAILED, "making its root read-only");
}

/* Mounts of the host go on coming and going here (so none is kept busy), and none of ours reaches the host. */
static void enter_root(void)
{
    mode_t mask = umask(0);
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
        fail(EXIT_NAMESPACE_FAILED, "leaving the host's mount namespace");
    int root = mount_root();
    mount_all(root);
    if (fchdir(root) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
        fail(EXIT_NAMESPACE_FAILED, "changing to its root");
    close(root);
    umask(mask);
}

/* ---- liveness ---- */

static void read_line(const char *path, char *line, size_t size)
{
    FILE *file = fopen(path, "re");
    if (file == NULL || fgets(line, (int)size, file) == NULL) fail(1, "reading %s", path);
    line[strcspn(line, "\n")] = '\0';
    fclose(file);
}

/* Of a process, in the unified hierarchy: hosts may show others besides. */
static void read_group(const char *process, char *group, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%.20s/cgroup", process);
    FILE *file = fopen(path, "re");
    if (file == NULL) fail(1, "reading %s", path);
    while (fgets(group, (int)size, file) != NULL) {
        group[strcspn(group, "\n")] = '\0';
        if (strncmp(group, "0::", 3) != 0) continue;
        memmove(group, group + 3, strlen(group + 3) + 1);
        fclose(file);
        return;
    }
    fail((errno = ENOENT, 1), "finding its control group");
}

/* `PID START-TIME CONTROL-GROUP`: this process keeps its number when it becomes the app. */
static void write_liveness(void)
{
    const char *path = need("liveness");
    char group[PATH_MAX], stat[4096], temporary[PATH_MAX], directory[PATH_MAX];
    read_group("self", group, sizeof group);
    read_line("/proc/self/stat", stat, sizeof stat);
    char *after = strrchr(stat, ')');
    unsigned long long start = 0;
    if (after == NULL || sscanf(after + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu", &start) != 1)
        fail((errno = EINVAL, 1), "reading its own start time");
    snprintf(directory, sizeof directory, "%s", path);
    *strrchr(directory, '/') = '\0';
    if (mkdir(directory, 0755) < 0 && errno != EEXIST) fail(1, "making %s", directory);
    if (snprintf(temporary, sizeof temporary, "%s.new", path) >= PATH_MAX) fail((errno = ENAMETOOLONG, 1), "%s", path);
    FILE *file = fopen(temporary, "we");
    if (file == NULL) fail(1, "writing %s", temporary);
    fprintf(file, "%d %llu %s\n", (int)getpid(), start, group);
    if (fclose(file) != 0 || rename(temporary, path) < 0) fail(1, "writing %s", path);
}

/* ---- becoming a program ---- */

enum passing { PASS_NOTHING, PASS_ON, PASS_TERMINAL };

/* Only what the specification says, with PASS_ON what systemd handed over for the app, with PASS_TERMINAL the kind of this terminal. */
static char **environment(enum passing passing)
{
    char **list = must(calloc((size_t)item_count + 2, sizeof(char *)));
    int count = 0;
    const char *term = passing == PASS_TERMINAL ? getenv("TERM") : NULL;
    FOR_EACH(values, "env", 1) {
        if (term == NULL || strncmp(values[0], "TERM=", 5) != 0) list[count++] = values[0];
    }
    if (term != NULL && asprintf(&list[count++], "TERM=%s", term) < 0) fail(1, "no memory");
    const char *owner = getenv("LISTEN_PID");
    int listens = owner != NULL && atol(owner) == (long)getpid();
    FOR_EACH(values, "pass", 1) {
        if (passing != PASS_ON) break;
        const char *value = getenv(values[0]);
        if (value == NULL || (strncmp(values[0], "LISTEN_", 7) == 0 && !listens)) continue;
        if (asprintf(&list[count], "%s=%s", values[0], value) < 0) fail(1, "no memory");
        count++;
    }
    return list;
}

/* Inheritable ones would come to an app of any user by files that have them. */
static void drop_capabilities(void)
{
    char **kept = find("capabilities", 1);
    unsigned long long mask = kept == NULL ? ~0ULL : strtoull(kept[0], NULL, 16);
    for (int number = 0; number < 64 && prctl(PR_CAPBSET_READ, number) >= 0; number++)
        if (((mask >> number & 1) == 0) && prctl(PR_CAPBSET_DROP, number) < 0) fail(EXIT_CAPABILITIES_FAILED, "dropping capabilities");
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    if (syscall(SYS_capget, &header, data) < 0) fail(EXIT_CAPABILITIES_FAILED, "reading capabilities");
    data[0].inheritable = data[1].inheritable = 0;
    if (syscall(SYS_capset, &header, data) < 0) fail(EXIT_CAPABILITIES_FAILED, "dropping capabilities");
}

/* `groups`: NUMBER,NUMBER,… instead of the app's own. */
static void become_user(uid_t uid, gid_t gid, const char *groups)
{
    gid_t list[NGROUPS_MAX > 1024 ? 1024 : NGROUPS_MAX];
    size_t count = 0;
    if (groups == NULL) {
        FOR_EACH(values, "group", 1) {
            if (count < sizeof list / sizeof *list) list[count++] = (gid_t)strtoul(values[0], NULL, 10);
        }
    } else {
        for (const char *next = groups; *next != '\0' && count < sizeof list / sizeof *list; next += *next == ',') {
            char *end;
            list[count++] = (gid_t)strtoul(next, &end, 10);
            if (end == next || (*end != ',' && *end != '\0')) fail(EXIT_USER_FAILED, "reading the groups %s", groups);
            next = end;
        }
    }
    if (setgroups(count, list) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0) fail(EXIT_USER_FAILED, "becoming user %u", uid);
}

static void enter_directory(void)
{
    const char *directory = need("directory");
    if (chdir(directory) < 0) fail(EXIT_CHDIR_FAILED, "entering its working directory %s", directory);
}

static void __attribute__((noreturn)) become(char **argv, char **env)
{
    execve(argv[0], argv, env);
    fail(EXIT_EXEC_FAILED, "executing %s", argv[0]);
}

static void __attribute__((noreturn)) become_handler(char **argv, char **env)
{
    close_range(3, ~0U, 0);
    drop_capabilities();
    become_user(0, 0, "");
    enter_directory();
    become(argv, env);
}

/* Its end decides: a handler that fails keeps the app from running, with its own status. */
static void run_handler(char **argv, char **env)
{
    pid_t child = fork();
    if (child < 0) fail(1, "starting its handler");
    if (child == 0) become_handler(argv, env);
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) fail(1, "waiting for its handler");
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
    fprintf(stderr, "Cannot run app \"%s\": its handler pre-start failed\n", app_name);
    exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

/* Opened before the root changes. */
static int connect_notify(void)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (path == NULL || find("notify", 0) != NULL || strlen(path) >= sizeof address.sun_path) return -1;
    memcpy(address.sun_path, path, strlen(path));
    if (*path == '@') address.sun_path[0] = '\0';
    int notify = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (notify >= 0 && connect(notify, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path))) == 0)
        return notify;
    fail(1, "reaching systemd at %s", path);
}

/* Of what a program writes: to the journal first, and to whoever watches. A reader that has gone does not end the copying. */
static void copy(int from, int journal, int watcher)
{
    char bytes[65536];
    ssize_t size = read(from, bytes, sizeof bytes);
    if (size <= 0) {
        close(from);
        return;
    }
    const int targets[] = {journal, watcher};
    for (int i = 0; i < 2; i++)
        for (ssize_t done = 0, step; targets[i] >= 0 && done < size; done += step)
            if ((step = write(targets[i], bytes + done, (size_t)(size - done))) <= 0) break;
}

static void __attribute__((noreturn)) copy_all(const int from[2], const int watchers[2])
{
    struct pollfd polls[2] = {{from[0], POLLIN, 0}, {from[1], POLLIN, 0}};
    while (polls[0].fd >= 0 || polls[1].fd >= 0) {
        if (poll(polls, 2, -1) < 0 && errno != EINTR) break;
        for (int i = 0; i < 2; i++) {
            if (polls[i].fd < 0 || polls[i].revents == 0) continue;
            copy(polls[i].fd, i + 1, watchers[i]);
            if (fcntl(polls[i].fd, F_GETFD) < 0) polls[i].fd = -1;
        }
    }
    _exit(0);
}

static int open_watcher(const char *directory, const char *name, int mode)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    int file = open(path, mode | O_CLOEXEC);
    if (file < 0) fail(1, "opening %s", path);
    return file;
}

/*
 * Pipes, which the app can open again as /dev/stdout (the journal's socket it cannot), and a process that empties them. It is nobody's
 * child: the app waits for its own. ExecStop= of the unit waits for it, so that no line is lost.
 */
static void give_pipes(void)
{
    char **console = find("console", 2);
    if (console == NULL && find("pipe", 0) == NULL) return;
    int watchers[2] = {-1, -1}, out[2], err[2];
    if (console != NULL) {
        watchers[0] = open_watcher(console[0], "stdout", O_WRONLY);
        watchers[1] = open_watcher(console[0], "stderr", O_WRONLY);
        int input = strcmp(console[1], "stdin") == 0 ? open_watcher(console[0], "stdin", O_RDONLY) : -1;
        if (input >= 0 && dup2(input, 0) < 0) fail(1, "using its standard input");
    }
    if (pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0) fail(1, "making pipes");
    pid_t child = fork();
    if (child < 0) fail(1, "starting the copying of its output");
    if (child == 0) {
        pid_t copier = fork();
        if (copier != 0) {
            char path[PATH_MAX];
            snprintf(path, sizeof path, "%s.copier", need("liveness"));
            FILE *file = copier < 0 ? NULL : fopen(path, "we");
            if (file == NULL || fprintf(file, "%d\n", (int)copier) < 0 || fclose(file) != 0) _exit(1);
            _exit(0);
        }
        // Whatever ends the app: what it wrote is still to be read.
        for (int number = 1; number <= SIGRTMAX; number++)
            if (number != SIGCHLD) signal(number, SIG_IGN);
        close(0);
        // Not the pod's sockets either: they are the app's to close.
        for (int file = 3; file < 1024; file++)
            if (file != out[0] && file != err[0] && file != watchers[0] && file != watchers[1]) close(file);
        const int from[2] = {out[0], err[0]};
        copy_all(from, watchers);
    }
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) break;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) fail(1, "starting the copying of its output");
    uid_t owner = (uid_t)strtoul(need("uid"), NULL, 10);
    if (fchown(out[1], owner, (gid_t)-1) < 0 || fchown(err[1], owner, (gid_t)-1) < 0) fail(1, "handing pipes over");
    if (dup2(out[1], 1) < 0 || dup2(err[1], 2) < 0) fail(1, "using pipes");
    for (int i = 0; i < 2; i++) {
        close(out[i]);
        close(err[i]);
        if (watchers[i] >= 0) close(watchers[i]);
    }
}

static void reset_signals(void)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
}

static void __attribute__((noreturn)) run(void)
{
    char **argv = find("exec", 1), **handler = find("pre-start", 1);
    if (argv == NULL) need("exec");
    write_liveness();
    give_pipes();
    int notify = connect_notify();
    enter_root();
    if (handler != NULL) run_handler(handler, environment(PASS_NOTHING));
    char **env = environment(PASS_ON);
    drop_capabilities();
    become_user((uid_t)strtoul(need("uid"), NULL, 10), (gid_t)strtoul(need("gid"), NULL, 10), NULL);
    enter_directory();
    if (notify >= 0) {
        if (access(argv[0], X_OK) < 0) fail(EXIT_EXEC_FAILED, "executing %s", argv[0]);
        if (write(notify, "READY=1", 7) < 0) fail(1, "telling systemd");
    }
    become(argv, env);
}

static void __attribute__((noreturn)) post_stop(void)
{
    char **argv = find("post-stop", 1);
    if (argv == NULL) need("post-stop");
    enter_root();
    become_handler(argv, environment(PASS_NOTHING));
}

/* The namespace's root is the app's: pivot_root made it so. The command joins the app's control group, and ends with it. */
static void __attribute__((noreturn)) enter(char **words, enum passing passing)
{
    char path[PATH_MAX + 64], group[PATH_MAX];
    const char *process = words[0];
    read_group(process, group, sizeof group);
    snprintf(path, sizeof path, "/sys/fs/cgroup%s/cgroup.procs", group);
    int procs = open(path, O_WRONLY | O_CLOEXEC);
    if (procs < 0 || write(procs, "0", 1) < 0) fail(1, "joining its control group");
    snprintf(path, sizeof path, "/proc/%s/root", process);
    int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    snprintf(path, sizeof path, "/proc/%s/ns/mnt", process);
    int mounts = open(path, O_RDONLY | O_CLOEXEC);
    if (root < 0 || mounts < 0 || setns(mounts, CLONE_NEWNS) < 0 || fchdir(root) < 0 || chroot(".") < 0)
        fail(EXIT_NAMESPACE_FAILED, "entering its mount namespace");
    char **env = environment(passing);
    const char *asked = words[1];
    drop_capabilities();
    if (strcmp(asked, "-") == 0) become_user((uid_t)strtoul(need("uid"), NULL, 10), (gid_t)strtoul(need("gid"), NULL, 10), NULL);
    else {
        char *more;
        gid_t gid = (gid_t)strtoul(words[2], &more, 10);
        become_user((uid_t)strtoul(asked, NULL, 10), gid, more + (*more == ','));
    }
    enter_directory();
    environ = env;
    execvpe(words[4], words + 4, env);
    fail(EXIT_EXEC_FAILED, "executing %s", words[4]);
}

static pid_t target;

static void hand_on(int number)
{
    kill(target, number);
}

/*
 * Returns in a child; its end is this process's. Without this terminal it gets a session of its own, since nobody can type into a
 * terminal that is not the session's own, and all signals are handed on. With it the terminal's own signals reach it anyway.
 */
static void wait_for_child(int terminal)
{
    const int numbers[] = {SIGHUP, SIGTERM, SIGINT, SIGQUIT};
    sigset_t held;
    sigfillset(&held);
    sigprocmask(SIG_BLOCK, &held, NULL);
    pid_t child = fork();
    if (child < 0) fail(1, "starting a command");
    if (child == 0) {
        if (!terminal) setsid();
        reset_signals();
        return;
    }
    target = terminal ? child : -child;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) signal(numbers[i], terminal && i >= 2 ? SIG_IGN : hand_on);
    sigemptyset(&held);
    sigprocmask(SIG_SETMASK, &held, NULL);
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) fail(1, "waiting for a command");
    exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

/* True: the command gets this session's terminal. Who made that tells its size only after this was started. */
static int takes_terminal(const char *word)
{
    static const char name[] = "enter-terminal";
    struct winsize size = {0};
    if (strncmp(word, name, sizeof name - 1) != 0) return 0;
    if (sscanf(word + sizeof name - 1, ":%hux%hu", &size.ws_row, &size.ws_col) == 2) ioctl(0, TIOCSWINSZ, &size);
    return 1;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fputs("usage: rkt-fly run|post-stop SPEC\n       rkt-fly enter SPEC PID UID|- GID[,GID...]|- -- CMD...\n", stderr);
        return 2;
    }
    read_spec(argv[2]);
    app_name = need("app");
    reset_signals();
    if (strcmp(argv[1], "run") == 0) run();
    if (strcmp(argv[1], "post-stop") == 0) post_stop();
    if (strncmp(argv[1], "enter", 5) == 0 && argc >= 8) {
        int terminal = takes_terminal(argv[1]);
        wait_for_child(terminal);
        enter(argv + 3, terminal ? PASS_TERMINAL : PASS_NOTHING);
    }
    fputs("usage: rkt-fly run|post-stop|enter SPEC ...\n", stderr);
    return 2;
}
