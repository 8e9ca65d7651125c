// Matrix products: rows of A in tiles, packed if B is wide enough to make packing worthwhile.
#include "contraction.h"
#include <string.h>

typedef struct {
  ek_product product;
  size_t m, groups, tiles, tiles_a_task;  // groups of leaf->height rows, the last possibly short
  size_t most;                            // groups of the largest tile
  const char *a;
  size_t a_rs, a_cs;  // strides of op(A); the product's are those of the packed rows if rows are packed
  char *c;
  bool packed;
} matmul_job;

// Tile `tile` of tiles of nearly equal size: its first group and its number of groups.
static void tile_span(const matmul_job *j, size_t tile, size_t *first, size_t *groups) {
  *first = j->groups * tile / j->tiles;
  *groups = j->groups * (tile + 1) / j->tiles - *first;
}

// Copies the tile's rows of A so that the elements of one k are adjacent; rows past m become zeros.
static void pack_tile(const matmul_job *j, size_t first, size_t groups, char *to) {
  const ek_product *p = &j->product;
  const size_t size = ek_size(p->t), width = (size_t)p->cs, k = p->plan->length;
  const size_t past = j->product.leaf->height * (first + groups);
  for (size_t row = j->product.leaf->height * first; row < past; row += 4, to += 4 * size) {
    const size_t rows = row < j->m ? ek_min(4, j->m - row) : 0;
    const char *a = j->a + row * j->a_rs * size;
    char *target = to;
    if (rows == 4 && j->a_cs == 1) p->leaf->transpose_rows(k, a, (ptrdiff_t)j->a_rs, target, width);
    else
      for (size_t i = 0; i < k; i++) {
        if (rows < 4) memset(target + i * width * size, 0, 4 * size);
        for (size_t r = 0; r < rows; r++)
          memcpy(target + (i * width + r) * size, a + (i * j->a_cs + r * j->a_rs) * size, size);
      }
  }
}

static void matmul_task(void *context, size_t index) {
  const matmul_job *j = context;
  const ek_product *p = &j->product;
  const size_t first_tile = index * j->tiles_a_task, last_tile = ek_min(first_tile + j->tiles_a_task, j->tiles);
  const size_t height = p->leaf->height;
  const size_t tile_bytes = ek_max((size_t)p->cs * p->plan->length * ek_size(p->t), 1);
  const size_t bytes = tile_bytes * (last_tile - first_tile);
  char *packed = j->packed ? ek_scratch(bytes) : NULL;
  if (packed)
    for (size_t tile = first_tile; tile < last_tile; tile++) {
      size_t first, groups;
      tile_span(j, tile, &first, &groups);
      pack_tile(j, first, groups, packed + (tile - first_tile) * tile_bytes);
    }
  for (size_t panel = 0; panel < p->b.count; panel++)
    for (size_t tile = first_tile; tile < last_tile; tile++) {
      size_t first, groups;
      tile_span(j, tile, &first, &groups);
      ek_group places[groups];
      for (size_t g = 0; g < groups; g++) {
        const size_t row = height * (packed ? g : first + g);
        places[g] = (ek_group){(ptrdiff_t)row * p->rs, (ptrdiff_t)(height * (first + g) * p->ldo)};
      }
      const size_t rows = ek_min(height * groups, j->m - height * first), whole = rows / height, rest = rows % height;
      if (packed) {  // rows past m exist, as zeros
        ek_multiply_tile(p, height, groups, places, rows, panel, packed + (tile - first_tile) * tile_bytes, j->c);
        continue;
      }
      if (whole > 0) ek_multiply_tile(p, height, whole, places, height * whole, panel, j->a, j->c);
      if (rest > 0) ek_multiply_tile(p, rest, 1, places + whole, rest, panel, j->a, j->c);
    }
  if (packed) ek_pool_give(packed, bytes);
}

void ek_matmul(ek_type t, bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, const void *a, size_t lda,
               const void *b, size_t ldb, void *c, size_t ldc, bool accumulate) {
  if (m == 0 || n == 0) return;
  const ek_leaf *leaf = ek_leaf_current(t);
  matmul_job j = {.m = m, .groups = (m + leaf->height - 1) / leaf->height, .a = a, .c = c};
  j.product = (ek_product){.leaf = leaf, .t = t, .columns = n, .ldo = ldc, .accumulate = accumulate};
  j.a_rs = transpose_a ? 1 : lda;
  j.a_cs = transpose_a ? lda : 1;
  j.product.b = ek_panels_make(leaf, t, k, n, b, transpose_b ? 1 : ldb, transpose_b ? ldb : 1);
  j.most = leaf->groups[j.product.b.vectors - 1];
  j.tiles = (j.groups + j.most - 1) / j.most;
  // Packing reads A once; it is worthwhile if the tile is then read for several panels.
  j.packed = j.product.b.count >= 4 && k >= 64;
  j.product.rs = j.packed ? 1 : (ptrdiff_t)j.a_rs;
  const size_t width = (leaf->height * j.most + 3) / 4 * 4;
  j.product.cs = (ptrdiff_t)(j.packed ? width : j.a_cs);
  ek_plan plan = ek_plan_make(k, 1, &(ek_run){0, 0, k}, j.product.cs);
  j.product.plan = &plan;
  // As many tiles per task as stay in the second-level cache beside a panel, but enough tasks for every thread.
  enum { CACHED = 512 << 10 };
  const size_t tile_bytes = ek_max(width * k * ek_size(t), 1);
  const size_t threads = (size_t)ek_threads_current();
  j.tiles_a_task = ek_min(ek_max(CACHED / tile_bytes, 1), ek_max(j.tiles / (4 * threads), 1));
  ek_parallel((j.tiles + j.tiles_a_task - 1) / j.tiles_a_task, matmul_task, &j);
  ek_panels_free(&j.product.b);
  ek_plan_free(&plan);
}
