// Leaves for any processor: fma is a correctly rounded library call where the hardware has none.
#include "machine.h"
#if 1

#define VECTOR_BYTES 16
#define HEIGHT 2
#define REGISTERS 16
#define EK_IS_F32 1
#define NAME(x) scalar_f32_##x
#define LEAF ek_leaf_scalar_f32
#include "leaf_body.h"
#undef EK_IS_F32
#undef NAME
#undef LEAF
#define EK_IS_F32 0
#define NAME(x) scalar_f64_##x
#define LEAF ek_leaf_scalar_f64
#include "leaf_body.h"

#endif
