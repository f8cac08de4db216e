/* Preloaded into one process: the clock that it sees, and how long its disk takes, as a page of memory says.
 *
 * The page is a file that whoever makes faults has mapped, too: a jump or a slow disk begins and ends while the process
 * runs. CLOCK_MONOTONIC is left alone: no kernel lets it jump. Without a page everything is as it was. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct page {
    int64_t jump_ns;
    int64_t sync_ns;
    int64_t syncs;
};

static volatile struct page *page;
static int (*real_gettime)(clockid_t, struct timespec *);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);

__attribute__((constructor)) static void begin(void) {
    const char *name = getenv("SOAK_PAGE");
    int descriptor = name ? open(name, O_RDWR | O_CLOEXEC) : -1;
    real_gettime = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    real_fsync = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    if (descriptor < 0) return;
    void *mapped = mmap(NULL, sizeof(struct page), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (mapped != MAP_FAILED) page = mapped;
    close(descriptor);
}

static void jump(struct timespec *at) {
    int64_t jumped = page ? page->jump_ns : 0;
    int64_t nanoseconds = at->tv_nsec + jumped % 1000000000;
    at->tv_sec += jumped / 1000000000;
    if (nanoseconds < 0) { nanoseconds += 1000000000; at->tv_sec--; }
    if (nanoseconds >= 1000000000) { nanoseconds -= 1000000000; at->tv_sec++; }
    at->tv_nsec = nanoseconds;
}

int clock_gettime(clockid_t which, struct timespec *at) {
    if (!real_gettime) real_gettime = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int failed = real_gettime(which, at);
    if (!failed && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE)) jump(at);
    return failed;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone) {
    struct timespec now;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now)) return -1;
    at->tv_sec = now.tv_sec;
    at->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}

static void wait_for_the_disk(void) {
    if (!page) return;
    __atomic_add_fetch(&page->syncs, 1, __ATOMIC_RELAXED);
    int64_t wait = page->sync_ns;
    if (wait <= 0) return;
    struct timespec left = {wait / 1000000000, wait % 1000000000};
    while (nanosleep(&left, &left)) {}
}

int fsync(int descriptor) {
    wait_for_the_disk();
    return real_fsync(descriptor);
}

int fdatasync(int descriptor) {
    wait_for_the_disk();
    return real_fdatasync(descriptor);
}
