// Sums over a batch by rule 2: chains of 512 pixels, trees over a group's chains and over the groups.
#ifndef EK_BATCH_SUM_H
#define EK_BATCH_SUM_H
#include "machine.h"

// Writes `count` chain sums over `pixels` pixels from pixel `first` of the batch on.
typedef void (*ek_chain)(const void *context, size_t first, size_t pixels, double *sums);

// sums[0..<count] over n samples of `pixels` pixels. The context's leaf must be the caller's, because chains run on
// worker threads.
void ek_batch_sum(size_t n, size_t pixels, size_t count, ek_chain chain, const void *context, double *sums);

// Writes the sum of one group of samples, `count` elements. `scratch` has `scratch_bytes` of memory that belong to the
// task. `more`: the same task takes the next group, whose memory may be prefetched.
typedef void (*ek_group_sum)(const void *context, size_t group, bool more, void *scratch, void *sum);

// total[0..<count] = the adjacent-pairs tree over the sums of `groups` groups; the groups run in parallel.
void ek_sum_groups(const ek_leaf *leaf, ek_type t, size_t groups, size_t count, size_t scratch_bytes, ek_group_sum group,
                   const void *context, void *total);
// The number of samples in a group, by rule 2.
size_t ek_group_samples(size_t pixels);
#endif
