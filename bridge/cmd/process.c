/*
 * process.c - another command of this very program; see process.h
 *
 * Between fork() and execve() the child may only do what is safe in a signal
 * handler, since other threads (the embedded broker's) held who knows which
 * locks. So everything is prepared before, and the child only makes system
 * calls.
 */
#include "cmd/process.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    ARGS_MAX = 48,
    LOG_LINES = 15, /* shown of a log */
    LOG_TAIL_MAX = 16 * 1024,
    READ_SIZE = 16 * 1024,
    WAIT_STEP_US = 10000
};

static const char program[] = "/proc/self/exe";

/* What the child is given; see the top of the file. */
struct launch {
    char *args[ARGS_MAX + 2];
    char *const *environment;
    int out;
    int log;
    int nothing; /* /dev/null, as its standard input */
    pid_t parent;
};

static _Noreturn void child(const struct launch *la)
{
    static const char sorry[] = "aurix-bridge: cannot run /proc/self/exe\n";

    /* A group of its own: Ctrl-C is for the parent, who then ends us in
     * order. And it must not outlive the parent, also not one that is gone
     * already. */
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != la->parent)
        _exit(1);
    dup2(la->nothing, STDIN_FILENO);
    dup2(la->out, STDOUT_FILENO);
    dup2(la->log, STDERR_FILENO);
    /* The embedded broker's sockets above all. */
    close_range(STDERR_FILENO + 1, ~0U, 0);
    execve(program, la->args, la->environment);
    if (write(STDERR_FILENO, sorry, sizeof(sorry) - 1) < 0)
        _exit(127);
    _exit(127);
}

/* execve() wants pointers to what it does not change. */
static char *unconst(const char *text)
{
    union {
        const char *from;
        char *to;
    } cast = {.from = text};

    return cast.to;
}

static int prepare(struct launch *la, const char *const *args,
                   const char *const *environment, struct fault *why)
{
    size_t count = 0;

    la->args[0] = unconst("aurix-bridge");
    for (; args[count] != NULL; count++) {
        if (count == ARGS_MAX)
            return fault_set(why, FAULT_TOO_LARGE, "too many arguments");
        la->args[count + 1] = unconst(args[count]);
    }
    la->args[count + 1] = NULL;
    la->environment = (char *const *)environment;
    la->parent = getpid();
    return 0;
}

/* Opens what the child reads and writes, and our end of the pipe. */
static int open_files(struct launch *la, struct process *ps, struct fault *why)
{
    int ends[2];

    la->nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (la->nothing == -1)
        return fault_set_errno(why, FAULT_IO, errno, "cannot open '/dev/null'");
    la->log =
        open(ps->log_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (la->log == -1)
        return fault_set_errno(why, FAULT_IO, errno, "cannot create '%s'",
                               ps->log_path);
    if (pipe2(ends, O_CLOEXEC) == -1)
        return fault_set_errno(why, FAULT_IO, errno, "cannot make a pipe");
    la->out = ends[1];
    ps->out = ends[0];
    if (fcntl(ps->out, F_SETFL, O_NONBLOCK) == -1)
        return fault_set_errno(why, FAULT_IO, errno,
                               "cannot make a pipe non-blocking");
    return 0;
}

static void close_files(struct launch *la)
{
    if (la->nothing != -1)
        close(la->nothing);
    if (la->log != -1)
        close(la->log);
    if (la->out != -1)
        close(la->out);
}

int process_start(struct process *ps, const char *name, const char *log_path,
                  const char *const *args, const char *const *environment,
                  struct fault *why)
{
    struct launch launch = {.out = -1, .log = -1, .nothing = -1};
    int len = snprintf(ps->log_path, sizeof(ps->log_path), "%s", log_path);
    int rc = -1;

    ps->name = name;
    if (len < 0 || (size_t)len >= sizeof(ps->log_path))
        return fault_set(why, FAULT_TOO_LARGE, "the path '%.64s…' is too long",
                         log_path);
    if (prepare(&launch, args, environment, why) == -1 ||
        open_files(&launch, ps, why) == -1)
        goto done;

    ps->pid = fork();
    if (ps->pid == 0)
        child(&launch);
    if (ps->pid == -1) {
        ps->pid = 0;
        fault_set_errno(why, FAULT_IO, errno, "cannot start '%s'", name);
        goto done;
    }
    rc = 0;

done:
    close_files(&launch);
    return rc;
}

bool process_running(struct process *ps)
{
    int status;

    if (ps->pid == 0)
        return false;
    if (waitpid(ps->pid, &status, WNOHANG) != ps->pid)
        return true;
    ps->pid = 0;
    ps->status = status;
    return false;
}

/* Hands out all whole lines of ps->pending. */
static void hand_out(struct process *ps,
                     void (*take)(void *ctx, struct process *ps,
                                  const char *line),
                     void *ctx)
{
    char *line = ps->pending.data;
    char *end = line + ps->pending.len;
    char *newline;

    while (line < end &&
           (newline = memchr(line, '\n', (size_t)(end - line))) != NULL) {
        *newline = '\0';
        take(ctx, ps, line);
        line = newline + 1;
    }
    ps->pending.len = (size_t)(end - line);
    memmove(ps->pending.data, line, ps->pending.len);
}

int process_read(struct process *ps,
                 void (*take)(void *ctx, struct process *ps, const char *line),
                 void *ctx, struct fault *why)
{
    char chunk[READ_SIZE];
    ssize_t got;

    while (ps->out != -1) {
        got = read(ps->out, chunk, sizeof(chunk));
        if (got > 0) {
            if (buf_add(&ps->pending, chunk, (size_t)got, why) == -1)
                return -1;
            hand_out(ps, take, ctx);
        } else if (got == -1 && errno == EINTR) {
            continue;
        } else if (got == -1 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            return 0;
        } else {
            close(ps->out);
            ps->out = -1;
        }
    }
    return 0;
}

void process_terminate(struct process *ps)
{
    if (ps->pid != 0)
        kill(ps->pid, SIGTERM);
}

void process_describe_end(const struct process *ps, char *out, size_t size)
{
    if (WIFSIGNALED(ps->status))
        snprintf(out, size, "by signal %d", WTERMSIG(ps->status));
    else
        snprintf(out, size, "with exit status %d", WEXITSTATUS(ps->status));
}

static void kill_and_reap(struct process *ps)
{
    if (ps->pid == 0)
        return;
    kill(ps->pid, SIGKILL);
    while (waitpid(ps->pid, &ps->status, 0) == -1 && errno == EINTR)
        ;
    ps->pid = 0;
}

int process_wait(struct process *ps, int64_t deadline_us, struct fault *why)
{
    const struct timespec step = {.tv_nsec = WAIT_STEP_US * 1000};
    char end[64];

    while (process_running(ps)) {
        if (clock_now_us() >= deadline_us) {
            kill_and_reap(ps);
            return fault_set(why, FAULT_IO,
                             "'%s' did not end in time and was killed",
                             ps->name);
        }
        nanosleep(&step, NULL);
    }
    if (WIFEXITED(ps->status) && WEXITSTATUS(ps->status) == 0)
        return 0;
    process_describe_end(ps, end, sizeof(end));
    return fault_set(why, FAULT_IO, "'%s' ended %s", ps->name, end);
}

/* Where the last LOG_LINES lines of a text begin. */
static const char *last_lines(const char *text, size_t len)
{
    const char *at = text + len;
    int lines = 0;

    while (at > text) {
        if (at[-1] == '\n' && at != text + len && ++lines == LOG_LINES)
            break;
        at--;
    }
    return at;
}

void process_tell_log(const struct process *ps, FILE *out)
{
    char tail[LOG_TAIL_MAX + 1];
    FILE *file = fopen(ps->log_path, "re");
    const char *line;
    size_t len;

    if (file == NULL)
        return;
    if (fseek(file, -(long)LOG_TAIL_MAX, SEEK_END) == -1)
        rewind(file);
    len = fread(tail, 1, LOG_TAIL_MAX, file);
    tail[len] = '\0';
    fclose(file);

    if (len > 0)
        fprintf(out, "the last lines of the log of '%s':\n", ps->name);
    for (line = last_lines(tail, len); *line != '\0';) {
        size_t line_len = strcspn(line, "\n");

        fprintf(out, "  | %.*s\n", (int)line_len, line);
        line += line_len + (line[line_len] == '\n');
    }
}

void process_release(struct process *ps)
{
    kill_and_reap(ps);
    if (ps->out != -1)
        close(ps->out);
    ps->out = -1;
    buf_release(&ps->pending);
}
