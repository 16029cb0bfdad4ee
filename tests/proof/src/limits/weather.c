/* Bad weather for a process that is started with this in LD_PRELOAD: whatever stands in the directory WEATHER at the moment
 * happens to it. What concerns files happens to those under WEATHER_ROOT.
 *
 * full      no space is left
 * readonly  the file system is read-only
 * broken    reading and writing fail
 * handles   there are no file handles left, for sockets neither
 * clock     the clock is wrong by as many seconds as are written in it */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static char weather[4096], root[4096];

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void) {
    const char *w = getenv("WEATHER"), *r = getenv("WEATHER_ROOT");
    if (w && r) {
        snprintf(weather, sizeof weather, "%s", w);
        snprintf(root, sizeof root, "%s", r);
    }
}

static int is(const char *what) {
    char path[4200];
    if (!weather[0]) return 0;
    snprintf(path, sizeof path, "%s/%s", weather, what);
    return access(path, F_OK) == 0;
}

static int ours_path(int dir, const char *name) {
    char path[8300], base[4096] = "";
    if (!weather[0]) return 0;
    if (name[0] != '/') {
        if (dir == AT_FDCWD) {
            if (!getcwd(base, sizeof base)) return 0;
        } else {
            char link[64];
            snprintf(link, sizeof link, "/proc/self/fd/%d", dir);
            ssize_t n = readlink(link, base, sizeof base - 1);
            if (n < 0) return 0;
            base[n] = 0;
        }
    }
    snprintf(path, sizeof path, "%s/%s", base, name);
    char *from = name[0] == '/' ? path + 1 : path;
    return !strncmp(from, root, strlen(root));
}

static int ours(int fd) {
    char link[64], path[4096];
    if (!weather[0]) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n < 0) return 0;
    path[n] = 0;
    return !strncmp(path, root, strlen(root));
}

/* What writing to a file of ours fails with now; 0: it does not. */
static int writing(void) { return is("full") ? ENOSPC : is("readonly") ? EROFS : is("broken") ? EIO : 0; }

#define FAIL_IF(condition, error) \
    do { \
        int wrong = (condition) ? (error) : 0; \
        if (wrong) { \
            errno = wrong; \
            return -1; \
        } \
    } while (0)

ssize_t write(int fd, const void *bytes, size_t n) {
    REAL(write);
    if (weather[0] && writing()) FAIL_IF(ours(fd), writing());
    return real(fd, bytes, n);
}
ssize_t writev(int fd, const struct iovec *parts, int n) {
    REAL(writev);
    if (weather[0] && writing()) FAIL_IF(ours(fd), writing());
    return real(fd, parts, n);
}
ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at) {
    REAL(pwrite);
    if (weather[0] && writing()) FAIL_IF(ours(fd), writing());
    return real(fd, bytes, n, at);
}
ssize_t pwrite64(int fd, const void *bytes, size_t n, off_t at) { return pwrite(fd, bytes, n, at); }
ssize_t pread(int fd, void *bytes, size_t n, off_t at) {
    REAL(pread);
    if (weather[0] && is("broken")) FAIL_IF(ours(fd), EIO);
    return real(fd, bytes, n, at);
}
ssize_t pread64(int fd, void *bytes, size_t n, off_t at) { return pread(fd, bytes, n, at); }
int ftruncate(int fd, off_t size) {
    REAL(ftruncate);
    struct stat now;
    if (weather[0] && writing()) FAIL_IF(ours(fd) && (!is("full") || (!fstat(fd, &now) && size > now.st_size)), writing());
    return real(fd, size);
}
int ftruncate64(int fd, off_t size) { return ftruncate(fd, size); }
int fsync(int fd) {
    REAL(fsync);
    if (weather[0] && is("broken")) FAIL_IF(ours(fd), EIO);
    return real(fd);
}
int fdatasync(int fd) {
    REAL(fdatasync);
    if (weather[0] && is("broken")) FAIL_IF(ours(fd), EIO);
    return real(fd);
}

static int opened(int dir, const char *name, int flags, mode_t mode) {
    REAL(openat);
    if (weather[0]) {
        FAIL_IF(is("handles"), EMFILE);
        int changes = (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC));
        FAIL_IF(is("readonly") && changes && ours_path(dir, name), EROFS);
        FAIL_IF(is("full") && (flags & O_CREAT) && ours_path(dir, name) && faccessat(dir, name, F_OK, 0), ENOSPC);
    }
    return real(dir, name, flags, mode);
}
#define MODE(flags) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | O_TMPFILE)) { \
        va_list args; \
        va_start(args, flags); \
        mode = va_arg(args, mode_t); \
        va_end(args); \
    }
int open(const char *path, int flags, ...) { MODE(flags) return opened(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return opened(AT_FDCWD, path, flags, mode); }
int openat(int dir, const char *path, int flags, ...) { MODE(flags) return opened(dir, path, flags, mode); }
int openat64(int dir, const char *path, int flags, ...) { MODE(flags) return opened(dir, path, flags, mode); }

int socket(int a, int b, int c) {
    REAL(socket);
    FAIL_IF(is("handles"), EMFILE);
    return real(a, b, c);
}
int accept4(int fd, struct sockaddr *to, socklen_t *size, int flags) {
    REAL(accept4);
    FAIL_IF(is("handles"), EMFILE);
    return real(fd, to, size, flags);
}

int rename(const char *from, const char *to) {
    REAL(rename);
    if (weather[0] && writing()) FAIL_IF(ours_path(AT_FDCWD, to) && !is("full"), writing());
    return real(from, to);
}
int unlink(const char *path) {
    REAL(unlink);
    if (weather[0] && writing()) FAIL_IF(ours_path(AT_FDCWD, path) && !is("full"), writing());
    return real(path);
}
int mkdir(const char *path, mode_t mode) {
    REAL(mkdir);
    if (weather[0] && writing()) FAIL_IF(ours_path(AT_FDCWD, path), writing());
    return real(path, mode);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    REAL(clock_gettime);
    int done = real(clock, now);
    if (!done && clock == CLOCK_REALTIME && is("clock")) {
        char path[4200], text[64];
        snprintf(path, sizeof path, "%s/clock", weather);
        FILE *file = fopen(path, "r");
        if (file) {
            if (fgets(text, sizeof text, file)) now->tv_sec += atoll(text);
            fclose(file);
        }
    }
    return done;
}
