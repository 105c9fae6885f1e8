/* Writes down every change that a process makes to the files of one folder, in order: what a disk would have been asked for.
 *
 * LD_PRELOAD=shim.so POWERCUT_ROOT=/folder POWERCUT_LOG=/log program
 *
 * A record: operation (1 byte), numbers a and b (8 bytes each), lengths of path, second path and data (4 bytes each), and these.
 *   C path, a = inode, b: 1 if the file was made, 2 if it was cut to nothing    opened for writing
 *   W a = inode, b = offset, data                                              T a = inode, b = new length
 *   S a = inode (of a file or a folder)                                        synced
 *   R path path    L path path    U path    M path    X path                    rename, link, unlink, mkdir, rmdir
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int out = -2;
static char root[PATH_MAX];

static void start(void) {
    if (out != -2) return;
    out = -1;
    const char *folder = getenv("POWERCUT_ROOT"), *path = getenv("POWERCUT_LOG");
    if (!folder || !path) return;
    snprintf(root, sizeof root, "%s", folder);
    out = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND, 0600);
}

static int inside(const char *path) {
    size_t len = strlen(root);
    return out >= 0 && path && !strncmp(path, root, len) && (path[len] == '/' || !path[len]);
}

static int watched(int fd, struct stat *found) {
    char name[64], path[PATH_MAX];
    if (out < 0 || fd == out || fstat(fd, found)) return 0;
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(name, path, sizeof path - 1);
    if (len < 0) return 0;
    path[len] = 0;
    return inside(path);
}

static void put(char op, uint64_t a, uint64_t b, const char *one, const char *two, const void *data, size_t len) {
    uint32_t sizes[3] = {one ? strlen(one) : 0, two ? strlen(two) : 0, len};
    struct iovec parts[7] = {{&op, 1}, {&a, 8}, {&b, 8}, {sizes, 12}, {(void *)one, sizes[0]}, {(void *)two, sizes[1]}, {(void *)data, len}};
    int saved = errno;
    size_t total = 29 + sizes[0] + sizes[1] + len;
    if (syscall(SYS_writev, out, parts, 7) != (long)total) abort();
    errno = saved;
}

#define REAL(name) static __typeof__(name) *real; if (!real) real = dlsym(RTLD_NEXT, #name)
#define ENTER pthread_mutex_lock(&lock); start()
#define LEAVE pthread_mutex_unlock(&lock)

static int opened(int fd, const char *path, int flags, int was) {
    struct stat found;
    if (fd >= 0 && (flags & O_ACCMODE) != O_RDONLY && inside(path) && !fstat(fd, &found))
        put('C', found.st_ino, (was ? 0 : 1) | ((flags & O_TRUNC) ? 2 : 0), path, NULL, NULL, 0);
    return fd;
}

#define OPEN(name)                                                                  \
    int name(const char *path, int flags, ...) {                                    \
        REAL(name);                                                                 \
        va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest); \
        ENTER;                                                                      \
        int was = access(path, F_OK) == 0;                                          \
        int fd = opened(real(path, flags, mode), path, flags, was);                 \
        LEAVE;                                                                      \
        return fd;                                                                  \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                                \
    int name(int dir, const char *path, int flags, ...) {                           \
        REAL(name);                                                                 \
        va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest); \
        ENTER;                                                                      \
        int was = faccessat(dir, path, F_OK, 0) == 0;                               \
        int fd = opened(real(dir, path, flags, mode), path, flags, was);            \
        LEAVE;                                                                      \
        return fd;                                                                  \
    }
OPENAT(openat)
OPENAT(openat64)

ssize_t write(int fd, const void *data, size_t len) {
    REAL(write);
    struct stat found;
    ENTER;
    int seen = watched(fd, &found);
    off_t at = 0;
    if (seen) at = (fcntl(fd, F_GETFL) & O_APPEND) ? found.st_size : lseek(fd, 0, SEEK_CUR);
    ssize_t done = real(fd, data, len);
    if (seen && done > 0) put('W', found.st_ino, at, NULL, NULL, data, done);
    LEAVE;
    return done;
}

#define PWRITE(name)                                                                \
    ssize_t name(int fd, const void *data, size_t len, off_t at) {                  \
        REAL(name);                                                                 \
        struct stat found;                                                          \
        ENTER;                                                                      \
        int seen = watched(fd, &found);                                             \
        ssize_t done = real(fd, data, len, at);                                     \
        if (seen && done > 0) put('W', found.st_ino, at, NULL, NULL, data, done);   \
        LEAVE;                                                                      \
        return done;                                                                \
    }
PWRITE(pwrite)
PWRITE(pwrite64)

#define TRUNCATE(name)                                                              \
    int name(int fd, off_t len) {                                                   \
        REAL(name);                                                                 \
        struct stat found;                                                          \
        ENTER;                                                                      \
        int seen = watched(fd, &found), done = real(fd, len);                       \
        if (seen && !done) put('T', found.st_ino, len, NULL, NULL, NULL, 0);        \
        LEAVE;                                                                      \
        return done;                                                                \
    }
TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)

#define SYNC(name)                                                                  \
    int name(int fd) {                                                              \
        REAL(name);                                                                 \
        struct stat found;                                                          \
        ENTER;                                                                      \
        /* The disk itself is not waited for: what counts is that it was asked. */  \
        if (watched(fd, &found)) { put('S', found.st_ino, 0, NULL, NULL, NULL, 0); LEAVE; return 0; } \
        LEAVE;                                                                      \
        return real(fd);                                                            \
    }
SYNC(fsync)
SYNC(fdatasync)

int rename(const char *from, const char *to) {
    REAL(rename);
    ENTER;
    int done = real(from, to);
    if (!done && inside(from)) put('R', 0, 0, from, to, NULL, 0);
    LEAVE;
    return done;
}

int linkat(int a, const char *from, int b, const char *to, int flags) {
    REAL(linkat);
    ENTER;
    int done = real(a, from, b, to, flags);
    if (!done && inside(from)) put('L', 0, 0, from, to, NULL, 0);
    LEAVE;
    return done;
}

#define PATH1(name, op)                                                             \
    int name(const char *path) {                                                    \
        REAL(name);                                                                 \
        ENTER;                                                                      \
        int done = real(path);                                                      \
        if (!done && inside(path)) put(op, 0, 0, path, NULL, NULL, 0);              \
        LEAVE;                                                                      \
        return done;                                                                \
    }
PATH1(unlink, 'U')
PATH1(rmdir, 'X')

int unlinkat(int dir, const char *name, int flags) {
    REAL(unlinkat);
    char link[64], path[PATH_MAX + 512];
    ENTER;
    int done = real(dir, name, flags);
    if (!done && out >= 0) {
        snprintf(link, sizeof link, "/proc/self/fd/%d", dir);
        ssize_t len = dir == AT_FDCWD ? 0 : readlink(link, path, PATH_MAX);
        if (len > 0) snprintf(path + len, sizeof path - len, "/%s", name);
        else snprintf(path, sizeof path, "%s", name);
        if (inside(path)) put((flags & AT_REMOVEDIR) ? 'X' : 'U', 0, 0, path, NULL, NULL, 0);
    }
    LEAVE;
    return done;
}

int mkdir(const char *path, mode_t mode) {
    REAL(mkdir);
    ENTER;
    int done = real(path, mode);
    struct stat found;
    if (!done && inside(path) && !stat(path, &found)) put('M', found.st_ino, 0, path, NULL, NULL, 0);
    LEAVE;
    return done;
}

/* Copies inside the kernel would not be seen: make the caller do it with read and write. */
ssize_t copy_file_range(int in, off64_t *from, int to, off64_t *at, size_t len, unsigned flags) {
    (void)in, (void)from, (void)to, (void)at, (void)len, (void)flags;
    errno = ENOSYS;
    return -1;
}

ssize_t sendfile64(int to, int in, off64_t *at, size_t len) {
    (void)to, (void)in, (void)at, (void)len;
    errno = ENOSYS;
    return -1;
}
