// LAPACKE as seen from Swift. The oracle of the tests and the exact spectrum; never a source of
// digests (its last bits change with the kernel and the thread count).
#ifndef ESCAPEMENT_CLAPACK_H
#define ESCAPEMENT_CLAPACK_H
#if !__has_include(<lapacke.h>)
#error "lapacke.h is missing: apt-get install liblapacke-dev libopenblas-dev (./ci.sh does it)"
#endif
// C's complex types do not import into Swift; LAPACKE lets its user name others.
#define LAPACK_COMPLEX_CUSTOM
typedef struct { float real, imag; } lapack_complex_float;
typedef struct { double real, imag; } lapack_complex_double;
#include <lapacke.h>
#endif
