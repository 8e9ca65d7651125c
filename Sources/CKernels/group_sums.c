// Sums over groups of samples (rule 2). Groups are summed in blocks, which are whole subtrees, and the block sums are
// combined in the tree's upper part, so the bits are those of the one tree over all groups.
#include "batch_sum.h"
#include <string.h>

size_t ek_group_samples(size_t pixels) {
  size_t g = 8;
  while (g > 1 && g * pixels > EK_CHUNK) g /= 2;
  return g;
}

typedef struct {
  const ek_leaf *leaf;
  size_t size, groups, count, scratch_bytes;
  ek_group_sum group;
  const void *context;
  char *sums;    // [groups][count]
  size_t block;  // groups that one task sums: a power of two
} group_job;

static void join(const group_job *j, size_t at, size_t step, size_t first, size_t count) {
  char *left = j->sums + (at * j->count + first) * j->size;
  j->leaf->zip(EK_ADD, count, left, left + step * j->count * j->size, left);
}

static void block_task(void *context, size_t index) {
  const group_job *j = context;
  const size_t first = index * j->block, last = ek_min(first + j->block, j->groups), length = last - first;
  void *scratch = ek_scratch(j->scratch_bytes);
  for (size_t group = first; group < last; group++) {
    j->group(j->context, group, group + 1 < last, scratch, j->sums + group * j->count * j->size);
    // The subtrees that this group completes, while their sums are in the cache.
    for (size_t step = 1; (group + 1 - first) % (2 * step) == 0 && step < j->block; step *= 2)
      join(j, group + 1 - 2 * step, step, 0, j->count);
  }
  // The ragged end of the last block.
  for (size_t step = 1; step < length; step *= 2) {
    const size_t i = length / (2 * step) * (2 * step);
    if (i + step < length) join(j, first + i, step, 0, j->count);
  }
  ek_pool_give(scratch, j->scratch_bytes);
}

enum { TREE_SPAN = 4096 };  // elements per task of the tree over blocks

static void tree_task(void *context, size_t index) {
  const group_job *j = context;
  const size_t first = index * TREE_SPAN, span = ek_min(TREE_SPAN, j->count - first);
  for (size_t step = j->block; step < j->groups; step *= 2)
    for (size_t g = 0; g + step < j->groups; g += 2 * step) join(j, g, step, first, span);
}

void ek_sum_groups(const ek_leaf *leaf, ek_type t, size_t groups, size_t count, size_t scratch_bytes, ek_group_sum group,
                   const void *context, void *total) {
  group_job j = {.leaf = leaf, .size = ek_size(t), .groups = groups, .count = count,
                 .scratch_bytes = ek_max(scratch_bytes, 1), .group = group, .context = context};
  const size_t threads = (size_t)ek_threads_current(), bytes = groups * count * j.size;
  for (j.block = 1; 8 * threads * j.block < groups && j.block < 8; j.block *= 2) {}
  j.sums = ek_scratch(bytes);
  ek_parallel((groups + j.block - 1) / j.block, block_task, &j);
  ek_parallel((count + TREE_SPAN - 1) / TREE_SPAN, tree_task, &j);
  memcpy(total, j.sums, count * j.size);
  ek_pool_give(j.sums, bytes);
}
