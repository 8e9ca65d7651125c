// The peak performance of this machine: fused multiply-adds from registers, and streaming through memory.
//
// It is measured and not looked up, because clock, vector width and the number of multiply-add units differ between
// machines and virtual machines. No result depends on it.
#define _POSIX_C_SOURCE 199309L  // clock_gettime
#include "CPeak.h"
#include "machine.h"
#include <stdlib.h>
#include <time.h>

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

// `chains` independent chains of one vector each: enough to hide the latency, few enough to stay in registers. The
// multiplier and the summand make x = 1 a fixed point, so that every value remains a normal number.
#define FMA_LOOP(name, attribute, T, bytes, chains)                                             \
  enum { name##_flops = 2 * (chains) * (int)((bytes) / sizeof(T)) };                            \
  attribute static void name(size_t rounds) {                                                   \
    typedef T vector __attribute__((vector_size(bytes)));                                       \
    vector x[chains], factor = (vector){0} + (T)0.5, summand = factor;                          \
    _Pragma("clang loop unroll(full)") for (int i = 0; i < (chains); i++) x[i] = (vector){0} + (T)1; \
    _Pragma("clang loop unroll(disable)") for (size_t r = 0; r < rounds; r++) {                 \
      _Pragma("clang loop unroll(full)") for (int i = 0; i < (chains); i++) {                   \
        x[i] = __builtin_elementwise_fma(x[i], factor, summand);                                \
        __asm__ volatile("" : HIDE(x[i]));                                                      \
      }                                                                                         \
    }                                                                                           \
  }

#if defined(__x86_64__)
#define HIDE(v) "+x"(v)
FMA_LOOP(avx512_f32, __attribute__((target("avx512f"))), float, 64, 16)
FMA_LOOP(avx512_f64, __attribute__((target("avx512f"))), double, 64, 16)
FMA_LOOP(avx2_f32, __attribute__((target("avx2,fma"))), float, 32, 12)
FMA_LOOP(avx2_f64, __attribute__((target("avx2,fma"))), double, 32, 12)
#elif defined(__aarch64__)
#define HIDE(v) "+w"(v)
FMA_LOOP(neon_f32, , float, 16, 16)
FMA_LOOP(neon_f64, , double, 16, 16)
#else
#define HIDE(v) "+m"(v)
#endif
FMA_LOOP(scalar_f32, , float, 16, 8)
FMA_LOOP(scalar_f64, , double, 16, 8)

typedef struct {
  void (*run)(size_t rounds);
  size_t flops;  // per round
  size_t rounds;
} fma_job;

static fma_job fma_job_of(ek_isa isa, ek_type t) {
  bool single = t == EK_F32;
#define JOB(isa) single ? (fma_job){isa##_f32, isa##_f32_flops, 0} : (fma_job){isa##_f64, isa##_f64_flops, 0}
  switch (isa) {
#if defined(__x86_64__)
  case EK_ISA_AVX512: return JOB(avx512);
  case EK_ISA_AVX2: return JOB(avx2);
#elif defined(__aarch64__)
  case EK_ISA_NEON: return JOB(neon);
#endif
  default: return JOB(scalar);
  }
#undef JOB
}

static void fma_task(void *context, size_t index) {
  (void)index;
  const fma_job *job = context;
  job->run(job->rounds);
}

enum { FMA_REPETITIONS = 12, TRIAD_REPETITIONS = 5 };
static const double fma_seconds = 0.01;  // per repetition: long compared with the time a sleeping thread takes to wake

double ek_fma_peak_gflops(ek_type t) {
  fma_job job = fma_job_of(ek_isa_current(), t);
  size_t threads = (size_t)ek_threads_current();
  for (job.rounds = 1024;; job.rounds *= 2) {
    double start = seconds();
    job.run(job.rounds);
    if (seconds() - start >= fma_seconds / 2) break;
  }
  double best = 0;
  for (int i = 0; i < FMA_REPETITIONS; i++) {
    double start = seconds();
    ek_parallel(threads, fma_task, &job);
    double speed = (double)(job.flops * job.rounds * threads) / (seconds() - start) * 1e-9;
    if (speed > best) best = speed;
  }
  return best;
}

typedef struct {
  double *a;
  const double *b, *c;
  size_t part;
} triad_job;

static void triad_task(void *context, size_t index) {
  const triad_job *job = context;
  for (size_t i = index * job->part; i < (index + 1) * job->part; i++) job->a[i] = job->b[i] + 0.5 * job->c[i];
}

static void triad_touch(void *context, size_t index) {
  const triad_job *job = context;
  for (size_t i = index * job->part; i < (index + 1) * job->part; i++) {
    job->a[i] = 0;
    ((double *)job->b)[i] = 1;
    ((double *)job->c)[i] = 2;
  }
}

double ek_triad_gbytes(void) {
  // Parts of 1 MiB, assigned to threads as these request them.
  const size_t bytes = (size_t)64 << 20, part = ((size_t)1 << 20) / sizeof(double), count = bytes / sizeof(double);
  double *memory = ek_block_allocate(3 * bytes);
  if (!memory) return 0;
  triad_job job = {memory, memory + count, memory + 2 * count, part};
  ek_parallel(count / part, triad_touch, &job);
  double best = 0;
  for (int i = 0; i < TRIAD_REPETITIONS; i++) {
    double start = seconds();
    ek_parallel(count / part, triad_task, &job);
    double speed = 3 * (double)bytes / (seconds() - start) * 1e-9;
    if (speed > best) best = speed;
  }
  free(memory);
  return best;
}
