/* A disk that forgets what was not synced, for a process that is started with this in LD_PRELOAD.
 *
 * Files under FORGET_ROOT are written as ever; beside them, in FORGET_SHADOW, stands what would be on the disk after a power
 * cut: contents as of their last fsync or fdatasync, one file a touched file, and "names", the order in which names came,
 * went and were synced. Nothing is synced in truth: the machine does not really lose its power. Whoever cuts it (kill -9)
 * puts the disk together from both.
 *
 * names: F id path   a file that was there before is written to for the first time; its contents as they were are kept
 *        N id path   a file that was made
 *        S id        synced
 *        R from<TAB>to   renamed
 *        U path      removed
 *        D path      a directory that was synced
 *
 * FORGET_LIE: what has this in its path is not synced though it says so; for showing that the loss is noticed. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define FILES 8192
#define RANGES 64
#define FDS 65536

struct file {
    dev_t dev;
    ino_t ino;
    int used, id, lie, ranges;
    struct { off_t from, to; } range[RANGES];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct file files[FILES];
static int count, names = -1;
static char root[4096], shadow[4096], lie[256];
static size_t root_len;
/* 0: not looked at yet, -1: none of ours, else the file's index and one. */
static int fds[FDS];

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static int real_open(const char *path, int flags, mode_t mode) {
    REAL(open);
    return real(path, flags, mode);
}
static ssize_t real_pwrite(int fd, const void *bytes, size_t n, off_t at) {
    REAL(pwrite);
    return real(fd, bytes, n, at);
}
static ssize_t real_write(int fd, const void *bytes, size_t n) {
    REAL(write);
    return real(fd, bytes, n);
}
static int real_ftruncate(int fd, off_t size) {
    REAL(ftruncate);
    return real(fd, size);
}
static int real_close(int fd) {
    REAL(close);
    return real(fd);
}

static void note(const char *format, ...) {
    char line[9000];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (n > 0 && n < (int)sizeof line && real_write(names, line, n) != n) abort();
}

__attribute__((constructor)) static void begin(void) {
    const char *r = getenv("FORGET_ROOT"), *s = getenv("FORGET_SHADOW"), *l = getenv("FORGET_LIE");
    if (!r || !s) return;
    snprintf(root, sizeof root, "%s", r);
    snprintf(shadow, sizeof shadow, "%s", s);
    if (l) snprintf(lie, sizeof lie, "%s", l);
    root_len = strlen(root);
    char path[4200];
    snprintf(path, sizeof path, "%s/names", shadow);
    names = real_open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int ours(const char *path) {
    return names >= 0 && !strncmp(path, root, root_len) && (path[root_len] == '/' || !path[root_len]);
}

/* The path as it is seen from the root of everything. */
static int whole(int dir, const char *path, char *out, size_t size) {
    if (path[0] == '/') return snprintf(out, size, "%s", path) < (int)size;
    char base[4096];
    if (dir == AT_FDCWD) {
        if (!getcwd(base, sizeof base)) return 0;
    } else {
        char link[64];
        snprintf(link, sizeof link, "/proc/self/fd/%d", dir);
        ssize_t n = readlink(link, base, sizeof base - 1);
        if (n < 0) return 0;
        base[n] = 0;
    }
    return snprintf(out, size, "%s/%s", base, path) < (int)size;
}

static int path_of(int fd, char *out, size_t size) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, out, size - 1);
    if (n < 0) return 0;
    out[n] = 0;
    return 1;
}

static int shadow_fd(int id, int flags) {
    char path[4200];
    snprintf(path, sizeof path, "%s/%d", shadow, id);
    return real_open(path, flags | O_CLOEXEC, 0600);
}

static void copy(int from, int to, off_t at, off_t end) {
    static char bytes[1 << 16];
    while (at < end) {
        size_t want = end - at < (off_t)sizeof bytes ? (size_t)(end - at) : sizeof bytes;
        ssize_t n = pread(from, bytes, want, at);
        if (n <= 0) return;
        if (real_pwrite(to, bytes, n, at) != n) abort();
        at += n;
    }
}

static int find(struct stat *is) {
    for (int i = count - 1; i >= 0; i--)
        if (files[i].used && files[i].ino == is->st_ino && files[i].dev == is->st_dev) return i;
    return -1;
}

/* A file that is met for the first time; made now, or there before with what is in it. */
static int meet(int fd, struct stat *is, const char *path, int made) {
    if (count == FILES) abort();
    int i = count++;
    struct file *f = &files[i];
    *f = (struct file){.dev = is->st_dev, .ino = is->st_ino, .used = 1, .id = i};
    f->lie = lie[0] && strstr(path, lie) != NULL;
    int to = shadow_fd(i, O_WRONLY | O_CREAT | O_TRUNC);
    if (to < 0) abort();
    if (!made) {
        /* It may be open for writing alone. */
        int from = real_open(path, O_RDONLY | O_CLOEXEC, 0);
        if (from >= 0) {
            /* Only where something stands: databases leave holes. */
            off_t at = 0;
            while (at < is->st_size) {
                off_t data = lseek(from, at, SEEK_DATA);
                if (data < 0) break;
                off_t hole = lseek(from, data, SEEK_HOLE);
                if (hole < 0) hole = is->st_size;
                copy(from, to, data, hole);
                at = hole;
            }
            real_close(from);
        }
        if (real_ftruncate(to, is->st_size)) abort();
    }
    real_close(to);
    note("%c %d %s\n", made ? 'N' : 'F', i, path);
    (void)fd;
    return i;
}

/* Which of our files a handle is of, or -1. */
static int of(int fd) {
    if (names < 0 || fd < 0 || fd >= FDS) return -1;
    if (fds[fd]) return fds[fd] > 0 ? fds[fd] - 1 : -1;
    struct stat is;
    char path[4096];
    fds[fd] = -1;
    if (fstat(fd, &is) || !S_ISREG(is.st_mode) || !path_of(fd, path, sizeof path) || !ours(path)) return -1;
    int i = find(&is);
    if (i < 0) i = meet(fd, &is, path, 0);
    fds[fd] = i + 1;
    return i;
}

static void dirty(int i, off_t from, off_t to) {
    struct file *f = &files[i];
    for (int r = 0; r < f->ranges; r++)
        if (from <= f->range[r].to && to >= f->range[r].from) {
            if (from < f->range[r].from) f->range[r].from = from;
            if (to > f->range[r].to) f->range[r].to = to;
            return;
        }
    if (f->ranges == RANGES) {
        for (int r = 0; r < RANGES; r++) {
            if (f->range[r].from < from) from = f->range[r].from;
            if (f->range[r].to > to) to = f->range[r].to;
        }
        f->ranges = 0;
    }
    f->range[f->ranges].from = from;
    f->range[f->ranges++].to = to;
}

static int opened(int dir, const char *name, int flags, mode_t mode) {
    char path[8300];
    REAL(openat);
    if (names < 0 || !(flags & (O_CREAT | O_TRUNC)) || (flags & O_TMPFILE) == O_TMPFILE ||
        !whole(dir, name, path, sizeof path) || !ours(path)) {
        int fd = real(dir, name, flags, mode);
        if (fd >= 0 && fd < FDS) fds[fd] = 0;
        return fd;
    }
    pthread_mutex_lock(&lock);
    struct stat was;
    int there = !stat(path, &was), fd;
    if (there && (flags & O_TRUNC) && find(&was) < 0 && S_ISREG(was.st_mode)) meet(-1, &was, path, 0);
    fd = real(dir, name, flags, mode);
    int error = errno;
    if (fd >= 0 && fd < FDS) {
        fds[fd] = 0;
        struct stat is;
        if (!fstat(fd, &is) && S_ISREG(is.st_mode)) {
            if (!there) {
                int old = find(&is);
                /* The number of a file that is gone, used again. */
                if (old >= 0) files[old].used = 0;
                fds[fd] = meet(fd, &is, path, 1) + 1;
            } else if (flags & O_TRUNC) {
                int i = find(&is);
                if (i >= 0) fds[fd] = i + 1;
            }
        }
    }
    pthread_mutex_unlock(&lock);
    errno = error;
    return fd;
}

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        va_list args; \
        va_start(args, flags); \
        mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(args, mode_t) : 0; \
        va_end(args); \
        return opened(AT_FDCWD, path, flags, mode); \
    }
OPEN(open)
OPEN(open64)
#define OPENAT(name) \
    int name(int dir, const char *path, int flags, ...) { \
        va_list args; \
        va_start(args, flags); \
        mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(args, mode_t) : 0; \
        va_end(args); \
        return opened(dir, path, flags, mode); \
    }
OPENAT(openat)
OPENAT(openat64)

int close(int fd) {
    if (fd >= 0 && fd < FDS) {
        pthread_mutex_lock(&lock);
        fds[fd] = 0;
        pthread_mutex_unlock(&lock);
    }
    return real_close(fd);
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at) {
    pthread_mutex_lock(&lock);
    int i = of(fd);
    ssize_t done = real_pwrite(fd, bytes, n, at);
    int error = errno;
    if (i >= 0 && done > 0) dirty(i, at, at + done);
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}
ssize_t pwrite64(int fd, const void *bytes, size_t n, off_t at) { return pwrite(fd, bytes, n, at); }

static ssize_t wrote(int fd, int i, ssize_t done) {
    off_t end = i >= 0 && done > 0 ? lseek(fd, 0, SEEK_CUR) : 0;
    if (end >= done && done > 0 && i >= 0) dirty(i, end - done, end);
    return done;
}

ssize_t write(int fd, const void *bytes, size_t n) {
    if (names < 0 || (fd >= 0 && fd < FDS && fds[fd] < 0)) return real_write(fd, bytes, n);
    pthread_mutex_lock(&lock);
    int i = of(fd);
    ssize_t done = real_write(fd, bytes, n);
    int error = errno;
    wrote(fd, i, done);
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}

ssize_t writev(int fd, const struct iovec *parts, int n) {
    REAL(writev);
    if (names < 0 || (fd >= 0 && fd < FDS && fds[fd] < 0)) return real(fd, parts, n);
    pthread_mutex_lock(&lock);
    int i = of(fd);
    ssize_t done = real(fd, parts, n);
    int error = errno;
    wrote(fd, i, done);
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}

int ftruncate(int fd, off_t size) {
    pthread_mutex_lock(&lock);
    int i = of(fd), done = real_ftruncate(fd, size), error = errno;
    if (i >= 0 && !done) dirty(i, size, size);
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}
int ftruncate64(int fd, off_t size) { return ftruncate(fd, size); }

/* Copies behind our back are made by hand instead. */
ssize_t copy_file_range(int a, off_t *b, int c, off_t *d, size_t e, unsigned f) {
    (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
    errno = ENOSYS;
    return -1;
}
ssize_t sendfile(int a, int b, off_t *c, size_t d) {
    (void)a, (void)b, (void)c, (void)d;
    errno = EINVAL;
    return -1;
}
ssize_t sendfile64(int a, int b, off_t *c, size_t d) { return sendfile(a, b, c, d); }

static int sync_of(int fd) {
    if (names < 0) return 0;
    /* About what a sync takes. */
    usleep(200);
    pthread_mutex_lock(&lock);
    struct stat is;
    char path[4096];
    if (!fstat(fd, &is) && path_of(fd, path, sizeof path) && ours(path)) {
        if (S_ISDIR(is.st_mode)) {
            note("D %s\n", path);
        } else if (S_ISREG(is.st_mode)) {
            int i = of(fd);
            if (i >= 0 && !files[i].lie) {
                struct file *f = &files[i];
                int to = shadow_fd(f->id, O_WRONLY);
                int from = real_open(path, O_RDONLY | O_CLOEXEC, 0);
                if (to < 0) abort();
                /* Gone meanwhile: then nobody can find it after the cut either. */
                if (from >= 0) {
                    for (int r = 0; r < f->ranges; r++) copy(from, to, f->range[r].from, f->range[r].to);
                    if (real_ftruncate(to, is.st_size)) abort();
                    f->ranges = 0;
                    note("S %d\n", f->id);
                    real_close(from);
                }
                real_close(to);
            }
        }
    }
    pthread_mutex_unlock(&lock);
    return 0;
}

int fsync(int fd) { return sync_of(fd); }
int fdatasync(int fd) { return sync_of(fd); }

int renameat2(int a, const char *from, int b, const char *to, unsigned flags) {
    REAL(renameat2);
    char x[8300], y[8300];
    int known = names >= 0 && whole(a, from, x, sizeof x) && whole(b, to, y, sizeof y) && ours(y);
    pthread_mutex_lock(&lock);
    int done = real(a, from, b, to, flags), error = errno;
    if (!done && known) note("R %s\t%s\n", x, y);
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}
int rename(const char *from, const char *to) { return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int a, const char *from, int b, const char *to) { return renameat2(a, from, b, to, 0); }

int unlinkat(int dir, const char *name, int flags) {
    REAL(unlinkat);
    char path[8300];
    int known = names >= 0 && whole(dir, name, path, sizeof path) && ours(path);
    pthread_mutex_lock(&lock);
    struct stat was;
    /* What is in it comes back if the name does. */
    if (known && !stat(path, &was) && S_ISREG(was.st_mode) && find(&was) < 0) meet(-1, &was, path, 0);
    int done = real(dir, name, flags), error = errno;
    if (!done && known) note("U %s\n", path);
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }
