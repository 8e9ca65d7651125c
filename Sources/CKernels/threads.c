// Fork-join over a pool of workers that spin shortly and then sleep.
//
// One job runs at a time. A worker that sees a new generation enters (`inside`), and only then looks
// whether the job is still open; the caller closes the job and waits until nobody is inside. So a
// worker that wakes late finds the job closed and touches nothing of it.
//
// On a machine with other work a worker can lose its core in the middle of a task, and the caller then waits for a time
// slice (milliseconds) where the task takes microseconds. The caller sees that in the worker's own clock, and runs the
// next jobs alone; it tries the pool again after a while, later each time it is disappointed. The bits do not depend on
// who runs a task.
#define _POSIX_C_SOURCE 200809L  // clock_gettime, pthread_getcpuclockid
#include "machine.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;   // held by the thread that forks
static pthread_mutex_t sleep_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static int workers = 0;                                    // started so far; under gate

static struct {
  ek_task task;
  void *context;
  size_t count;
  int helpers;
} job;
static atomic_size_t next_index;
static atomic_uint generation;
static atomic_int open_job;
static atomic_int inside;
static atomic_int sleepers;
static _Thread_local bool in_parallel = false;

enum { WORKERS_WATCHED = 256 };                            // of more the others are not watched
static struct {
  atomic_bool inside;
  clockid_t clock;                                         // the worker's CPU time; the caller's alone
  bool has_clock;
} watched[WORKERS_WATCHED];

// Jobs that the caller still runs alone, and how many it would after the next disappointment; under gate.
enum { ALONE_LEAST = 8, ALONE_MOST = 1024 };
static int alone_left = 0, alone_next = ALONE_LEAST;

static inline void pause_briefly(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static void pull(void) {
  uint64_t mode = ek_float_mode_enter();
  in_parallel = true;
  for (;;) {
    size_t i = atomic_fetch_add(&next_index, 1);
    if (i >= job.count) break;
    job.task(job.context, i);
  }
  in_parallel = false;
  ek_float_mode_restore(mode);
}

enum { SPINS = 4000 };

static void *work(void *argument) {
  int me = (int)(intptr_t)argument;
  unsigned seen = 0;
  for (;;) {
    int spins = 0;
    while (atomic_load(&generation) == seen) {
      if (spins++ < SPINS) { pause_briefly(); continue; }
      pthread_mutex_lock(&sleep_lock);
      atomic_fetch_add(&sleepers, 1);
      while (atomic_load(&generation) == seen) pthread_cond_wait(&wake, &sleep_lock);
      atomic_fetch_sub(&sleepers, 1);
      pthread_mutex_unlock(&sleep_lock);
    }
    seen = atomic_load(&generation);
    atomic_fetch_add(&inside, 1);
    if (me < WORKERS_WATCHED) atomic_store(&watched[me].inside, true);
    if (atomic_load(&open_job) && me < job.helpers) pull();
    if (me < WORKERS_WATCHED) atomic_store(&watched[me].inside, false);
    atomic_fetch_sub(&inside, 1);
  }
  return NULL;
}

static void start_workers(int wanted) {
  while (workers < wanted) {
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    int failed = pthread_create(&thread, &attributes, work, (void *)(intptr_t)workers);
    pthread_attr_destroy(&attributes);
    if (failed) return;  // fewer threads, the same bits
#if defined(__linux__)
    if (workers < WORKERS_WATCHED)
      watched[workers].has_clock = pthread_getcpuclockid(thread, &watched[workers].clock) == 0;
#endif
    workers++;
  }
}

static int64_t nanoseconds(clockid_t clock) {
  struct timespec t = {0};
  clock_gettime(clock, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

// Waits until nobody is inside, and learns from it how the next jobs are to be run.
static void join(void) {
  enum { LATE = 500000 };                                  // nanoseconds; a time slice is several times as long
  for (int spins = 0; spins < SPINS; spins++) {
    if (atomic_load(&inside) == 0) {
      if (alone_next > ALONE_LEAST) alone_next--;
      return;
    }
    pause_briefly();
  }
  // One that is inside still: the first, which stands for the others.
  int late = 0;
  const int known = (int)ek_min((size_t)workers, WORKERS_WATCHED);
  while (late < known && !(watched[late].has_clock && atomic_load(&watched[late].inside))) late++;
  const bool is_watched = late < known;
  const int64_t began = nanoseconds(CLOCK_MONOTONIC), worked = is_watched ? nanoseconds(watched[late].clock) : 0;
  while (atomic_load(&inside) != 0) sched_yield();
  const int64_t waited = nanoseconds(CLOCK_MONOTONIC) - began;
  if (!is_watched || waited < LATE || 2 * (nanoseconds(watched[late].clock) - worked) > waited) return;
  alone_left = alone_next;
  alone_next = (int)ek_min(2 * (size_t)alone_next, ALONE_MOST);
}

void ek_parallel(size_t count, ek_task task, void *context) {
  int threads = ek_threads_current();
  if (count < 2 || threads < 2 || in_parallel || pthread_mutex_trylock(&gate) != 0) {
    uint64_t mode = ek_float_mode_enter();
    for (size_t i = 0; i < count; i++) task(context, i);
    ek_float_mode_restore(mode);
    return;
  }
  if (alone_left > 0) {
    alone_left--;
    uint64_t mode = ek_float_mode_enter();
    in_parallel = true;
    for (size_t i = 0; i < count; i++) task(context, i);
    in_parallel = false;
    ek_float_mode_restore(mode);
    pthread_mutex_unlock(&gate);
    return;
  }
  int helpers = (int)ek_min((size_t)threads, count) - 1;
  start_workers(helpers);
  job.task = task;
  job.context = context;
  job.count = count;
  job.helpers = helpers;
  atomic_store(&next_index, 0);
  atomic_store(&open_job, 1);
  atomic_fetch_add(&generation, 1);
  if (atomic_load(&sleepers) > 0) {
    pthread_mutex_lock(&sleep_lock);
    pthread_cond_broadcast(&wake);
    pthread_mutex_unlock(&sleep_lock);
  }
  pull();
  atomic_store(&open_job, 0);
  join();
  pthread_mutex_unlock(&gate);
}
