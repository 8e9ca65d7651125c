// Machine measurements for benchmarks; no result depends on them.
#ifndef ESCAPEMENT_CPEAK_H
#define ESCAPEMENT_CPEAK_H
#include "CKernels.h"

// ---- The machine's limits, measured ---------------------------------------------------------------

// Billions of floating-point operations a second (a fused multiply-add counts as two) that the current number of
// threads reaches with the current instruction set and operands in registers: the best of several repetitions, about
// 0.2 s in all.
double ek_fma_peak_gflops(ek_type t);
// Billions of bytes a second of a = b + s c over arrays of 64 MiB each, counting each array once; 0 if memory is
// exhausted.
double ek_triad_gbytes(void);

#endif
