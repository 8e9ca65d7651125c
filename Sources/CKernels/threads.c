// Fork-join over a pool of workers that spin briefly and then sleep.
//
// One job runs at a time. A worker that sees a new generation first enters (`inside`) and then checks whether the job
// is still open. The caller closes the job and waits until no worker is inside. A worker that wakes late therefore
// finds the job closed and does not access it.
#include "machine.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

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
    if (atomic_load(&open_job) && me < job.helpers) pull();
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
    workers++;
  }
}

void ek_parallel(size_t count, ek_task task, void *context) {
  int threads = ek_threads_current();
  if (count < 2 || threads < 2 || in_parallel || pthread_mutex_trylock(&gate) != 0) {
    uint64_t mode = ek_float_mode_enter();
    for (size_t i = 0; i < count; i++) task(context, i);
    ek_float_mode_restore(mode);
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
  int spins = 0;
  while (atomic_load(&inside) != 0) {
    if (spins++ < SPINS) pause_briefly();
    else sched_yield();
  }
  pthread_mutex_unlock(&gate);
}
