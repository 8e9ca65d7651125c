// Leaves for AArch64, whose baseline has fma and 128-bit vectors.
#include "machine.h"
#if defined(__aarch64__)

#define VECTOR_BYTES 16
#define HEIGHT 4
#define REGISTERS 32
#define EK_IS_F32 1
#define NAME(x) neon_f32_##x
#define LEAF ek_leaf_neon_f32
#include "leaf_body.h"
#undef EK_IS_F32
#undef NAME
#undef LEAF
#define EK_IS_F32 0
#define NAME(x) neon_f64_##x
#define LEAF ek_leaf_neon_f64
#include "leaf_body.h"

#endif
