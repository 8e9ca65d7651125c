// Leaves for AVX-512.
#include "machine.h"
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma"))), apply_to = function)
#define VECTOR_BYTES 64
#define HEIGHT 4
#define REGISTERS 32
#define EK_IS_F32 1
#define NAME(x) avx512_f32_##x
#define LEAF ek_leaf_avx512_f32
#include "leaf_body.h"
#undef EK_IS_F32
#undef NAME
#undef LEAF
#define EK_IS_F32 0
#define NAME(x) avx512_f64_##x
#define LEAF ek_leaf_avx512_f64
#include "leaf_body.h"
#pragma clang attribute pop
#endif
