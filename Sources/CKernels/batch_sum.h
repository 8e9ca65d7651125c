// Sums over a batch by rule 2: chains of 512 pixels, trees over a group's chains and over the groups.
#ifndef EK_BATCH_SUM_H
#define EK_BATCH_SUM_H
#include "machine.h"

// Writes `count` chain sums over `pixels` pixels from pixel `first` of the batch on.
typedef void (*ek_chain)(const void *context, size_t first, size_t pixels, double *sums);

// sums[0..<count] over n samples of `pixels` pixels. The context's leaf must be the caller's: chains run on workers.
void ek_batch_sum(size_t n, size_t pixels, size_t count, ek_chain chain, const void *context, double *sums);
#endif
