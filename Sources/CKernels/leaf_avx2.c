// Leaves for AVX2 with FMA.
#include "machine.h"
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define VECTOR_BYTES 32
#define HEIGHT 2
#define REGISTERS 16
#define EK_IS_F32 1
#define NAME(x) avx2_f32_##x
#define LEAF ek_leaf_avx2_f32
#include "leaf_body.h"
#undef EK_IS_F32
#undef NAME
#undef LEAF
#define EK_IS_F32 0
#define NAME(x) avx2_f64_##x
#define LEAF ek_leaf_avx2_f64
#include "leaf_body.h"
#pragma clang attribute pop
#endif
