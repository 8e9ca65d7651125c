// What benchmarks measure of the machine; no result depends on it.
#ifndef ESCAPEMENT_CPEAK_H
#define ESCAPEMENT_CPEAK_H
#include "CKernels.h"

// ---- The machine's limits, measured ---------------------------------------------------------------

// Billions of floating-point operations a second (a fused multiply-add is two) that the current number of threads
// reaches on the current instruction set with operands in registers: the best of some repetitions, about 0.2 s.
double ek_fma_peak_gflops(ek_type t);
// Billions of bytes a second of a = b + s c over arrays of 64 MiB each, counting each array once; 0 without memory.
double ek_triad_gbytes(void);

#endif
