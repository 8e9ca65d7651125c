// Instruction sets, thread counts and the floating-point mode.
#include "machine.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

static _Thread_local int isa_override = -1;
static _Thread_local int threads_override = 0;
static _Thread_local int convolution_override = -1;

static ek_isa environment_isa;
static int environment_threads;
static ek_threads_source environment_threads_source;
static ek_convolution environment_convolution;
static size_t environment_memory;
static char problem[160];
static pthread_once_t environment_once = PTHREAD_ONCE_INIT;

bool ek_isa_available(ek_isa isa) {
  switch (isa) {
  case EK_ISA_SCALAR: return true;
#if defined(__x86_64__)
  case EK_ISA_AVX2: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  case EK_ISA_AVX512:
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")
        && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")
        && __builtin_cpu_supports("fma");
#elif defined(__aarch64__)
  case EK_ISA_NEON: return true;
#endif
  default: return false;
  }
}

const char *ek_isa_name(ek_isa isa) {
  static const char *const names[EK_ISA_COUNT] = {"scalar", "avx2", "avx512", "neon"};
  return (int)isa >= 0 && isa < EK_ISA_COUNT ? names[isa] : "unknown";
}

const char *ek_convolution_name(ek_convolution convolution) {
  static const char *const names[EK_CONVOLUTION_COUNT] = {"winograd", "direct"};
  return (int)convolution >= 0 && convolution < EK_CONVOLUTION_COUNT ? names[convolution] : "unknown";
}

static void read_environment(void) {
  environment_isa = EK_ISA_SCALAR;
  for (int i = 0; i < EK_ISA_COUNT; i++)
    if (ek_isa_available((ek_isa)i)) environment_isa = (ek_isa)i;
  const char *isa = getenv("ESCAPEMENT_ISA");
  if (isa && *isa) {
    bool found = false;
    for (int i = 0; i < EK_ISA_COUNT; i++)
      if (strcmp(isa, ek_isa_name((ek_isa)i)) == 0 && ek_isa_available((ek_isa)i)) {
        environment_isa = (ek_isa)i;
        found = true;
      }
    if (!found) {
      char list[64] = "";
      for (int i = 0; i < EK_ISA_COUNT; i++)
        if (ek_isa_available((ek_isa)i)) {
          if (*list) strcat(list, ", ");
          strcat(list, ek_isa_name((ek_isa)i));
        }
      snprintf(problem, sizeof problem, "ESCAPEMENT_ISA is \"%.24s\", which is not one of this machine's: %s", isa, list);
    }
  }
  environment_threads = ek_threads_for(ek_cores_available(), &environment_threads_source);
  const char *threads = getenv("ESCAPEMENT_THREADS");
  if (threads && *threads) {
    char *end = NULL;
    long n = strtol(threads, &end, 10);
    if (*end == 0 && n >= 1 && n <= EK_MAX_THREADS) {
      environment_threads = (int)n;
      environment_threads_source = EK_THREADS_ENVIRONMENT;
    } else snprintf(problem, sizeof problem, "ESCAPEMENT_THREADS is \"%.24s\", expected a whole number from 1 to %d", threads, EK_MAX_THREADS);
  }
  environment_memory = (size_t)1 << 30;
  const char *memory = getenv("ESCAPEMENT_MEMORY");
  if (memory && *memory) {
    char *end = NULL;
    long n = strtol(memory, &end, 10);
    if (*end == 0 && n >= 1 && n <= EK_MAX_MEMORY) environment_memory = (size_t)n << 30;
    else snprintf(problem, sizeof problem, "ESCAPEMENT_MEMORY is \"%.24s\", expected a whole number of GiB from 1 to %d", memory, EK_MAX_MEMORY);
  }
  environment_convolution = EK_CONVOLUTION_WINOGRAD;
  const char *convolution = getenv("ESCAPEMENT_CONVOLUTION");
  if (convolution && *convolution) {
    bool found = false;
    for (int i = 0; i < EK_CONVOLUTION_COUNT; i++)
      if (strcmp(convolution, ek_convolution_name((ek_convolution)i)) == 0) {
        environment_convolution = (ek_convolution)i;
        found = true;
      }
    if (!found)
      snprintf(problem, sizeof problem, "ESCAPEMENT_CONVOLUTION is \"%.24s\", expected winograd or direct", convolution);
  }
}

const char *ek_environment_problem(void) {
  pthread_once(&environment_once, read_environment);
  return *problem ? problem : NULL;
}

size_t ek_memory(void) {
  pthread_once(&environment_once, read_environment);
  return environment_memory;
}

ek_isa ek_isa_current(void) {
  if (isa_override >= 0) return (ek_isa)isa_override;
  pthread_once(&environment_once, read_environment);
  return environment_isa;
}

void ek_isa_override(int isa) {
  isa_override = isa >= 0 && isa < EK_ISA_COUNT && ek_isa_available((ek_isa)isa) ? isa : -1;
}

int ek_threads_current(void) {
  if (threads_override > 0) return threads_override;
  pthread_once(&environment_once, read_environment);
  return environment_threads;
}

ek_threads_source ek_threads_current_source(void) {
  pthread_once(&environment_once, read_environment);
  return environment_threads_source;
}

void ek_threads_override(int threads) {
  threads_override = threads < 0 ? 0 : threads > EK_MAX_THREADS ? EK_MAX_THREADS : threads;
}

ek_convolution ek_convolution_current(void) {
  if (convolution_override >= 0) return (ek_convolution)convolution_override;
  pthread_once(&environment_once, read_environment);
  return environment_convolution;
}

void ek_convolution_override(int convolution) {
  convolution_override = convolution >= 0 && convolution < EK_CONVOLUTION_COUNT ? convolution : -1;
}

const ek_leaf *ek_leaf_current(ek_type t) {
  switch (ek_isa_current()) {
#if defined(__x86_64__)
  case EK_ISA_AVX512: return t == EK_F32 ? &ek_leaf_avx512_f32 : &ek_leaf_avx512_f64;
  case EK_ISA_AVX2: return t == EK_F32 ? &ek_leaf_avx2_f32 : &ek_leaf_avx2_f64;
#elif defined(__aarch64__)
  case EK_ISA_NEON: return t == EK_F32 ? &ek_leaf_neon_f32 : &ek_leaf_neon_f64;
#endif
  default: return t == EK_F32 ? &ek_leaf_scalar_f32 : &ek_leaf_scalar_f64;
  }
}

uint64_t ek_float_mode_enter(void) {
#if defined(__x86_64__)
  uint32_t before = _mm_getcsr();
  // All exceptions masked, round to nearest, neither flush-to-zero nor denormals-are-zero.
  if ((before & 0xffc0u) != 0x1f80u) _mm_setcsr(0x1f80u);
  return before;
#elif defined(__aarch64__)
  uint64_t before, mode;
  __asm__ volatile("mrs %0, fpcr" : "=r"(before));
  mode = before & ~((3ull << 22) | (1ull << 24) | (1ull << 19));
  if (mode != before) __asm__ volatile("msr fpcr, %0" : : "r"(mode));
  return before;
#else
  return 0;
#endif
}

void ek_float_mode_restore(uint64_t mode) {
#if defined(__x86_64__)
  if ((mode & 0xffc0u) != 0x1f80u) _mm_setcsr((uint32_t)mode);
#elif defined(__aarch64__)
  __asm__ volatile("msr fpcr, %0" : : "r"(mode));
#else
  (void)mode;
#endif
}

void *ek_scratch(size_t bytes) {
  void *block = ek_pool_take(bytes);
  if (!block) {
    fprintf(stderr, "escapement: out of memory: %zu bytes of scratch\n", bytes);
    abort();
  }
  return block;
}
