// Blocks in size classes: four classes per power of two, one free list per class.
#define _GNU_SOURCE
#include "machine.h"
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { CLASSES = 4 * 64, SMALLEST = 64 };
typedef struct node { struct node *next; } node;
static node *free_lists[CLASSES];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static ek_pool_counts counts;

// The class of a size, and the block size of that class.
static size_t class_of(size_t bytes, size_t *rounded) {
  if (bytes < SMALLEST) bytes = SMALLEST;
  size_t power = 63 - (size_t)__builtin_clzll(bytes);
  size_t step = ((size_t)1 << power) / 4;
  size_t quarter = (bytes - ((size_t)1 << power) + step - 1) / step;
  size_t size = ((size_t)1 << power) + quarter * step;
  *rounded = (size + 63) / 64 * 64;
  return 4 * power + quarter;
}

void *ek_block_allocate(size_t size) {
  const size_t huge = (size_t)2 << 20;
  if (size < huge) return aligned_alloc(64, size);
  void *block;
  if (posix_memalign(&block, huge, size) != 0) return NULL;
#ifdef MADV_HUGEPAGE
  // Only whole huge pages, so that the end of a block takes no more memory than it has. If the system declines, the
  // block has small pages.
  (void)madvise(block, size / huge * huge, MADV_HUGEPAGE);
#endif
  return block;
}

static void (*exhausted)(size_t bytes);

void ek_pool_on_exhaustion(void (*handler)(size_t bytes)) { exhausted = handler; }

void *ek_pool_take(size_t bytes) {
  if (bytes > (SIZE_MAX >> 2)) return NULL;
  size_t size;
  size_t class = class_of(bytes, &size);
  pthread_mutex_lock(&lock);
  node *block = free_lists[class];
  if (block) free_lists[class] = block->next;
  pthread_mutex_unlock(&lock);
  const bool fresh = block == NULL;
  if (fresh) block = ek_block_allocate(size);
  if (!block) {
    if (exhausted) exhausted(bytes);
    return NULL;
  }
  // Counted after the allocation: a request that fails must not be counted, especially not in the peak.
  pthread_mutex_lock(&lock);
  counts.taken++;
  counts.fresh += fresh;
  counts.bytes_live += size;
  if (counts.bytes_live > counts.bytes_peak) counts.bytes_peak = counts.bytes_live;
  pthread_mutex_unlock(&lock);
  return block;
}

void ek_pool_give(void *pointer, size_t bytes) {
  if (!pointer) return;
  size_t size;
  size_t class = class_of(bytes, &size);
  node *block = pointer;
  pthread_mutex_lock(&lock);
  block->next = free_lists[class];
  free_lists[class] = block;
  counts.bytes_live -= size;
  pthread_mutex_unlock(&lock);
}

ek_pool_counts ek_pool_statistics(void) {
  pthread_mutex_lock(&lock);
  ek_pool_counts copy = counts;
  pthread_mutex_unlock(&lock);
  return copy;
}

// One counter per thread, so that it excludes the work of other threads.
static _Thread_local uint64_t copies;

void ek_copy_count(void) { copies++; }

uint64_t ek_copies(void) { return copies; }
