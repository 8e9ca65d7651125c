// Products of rows with panels (rules 1 to 3), from which matmul and the convolutions are built.
//
// A tile goes through chunks of 512, keeps each chunk's chain in registers, and combines chunk sums through a binary
// counter, which gives the adjacent-pairs tree.
#include "contraction.h"
#include <string.h>

ek_plan ek_plan_make(size_t length, size_t count, const ek_run *runs, ptrdiff_t cs) {
  ek_plan p = {.chunks = (length + EK_CHUNK - 1) / EK_CHUNK, .length = length};
  const size_t most = count + p.chunks;
  p.bytes = most * sizeof(ek_run) + (p.chunks + 1) * sizeof(size_t);
  p.memory = ek_scratch(p.bytes);
  p.runs = p.memory;
  p.first = (size_t *)(p.runs + most);
  size_t used = 0, chunk = 0;
  for (size_t r = 0; r < count; r++)
    for (size_t done = 0; done < runs[r].length;) {
      const size_t k = runs[r].k + done, piece = ek_min(EK_CHUNK - k % EK_CHUNK, runs[r].length - done);
      while (chunk <= k / EK_CHUNK) p.first[chunk++] = used;
      p.runs[used++] = (ek_run){runs[r].offset + (ptrdiff_t)done * cs, k, piece};
      done += piece;
    }
  while (chunk <= p.chunks) p.first[chunk++] = used;
  return p;
}

void ek_plan_free(ek_plan *p) { ek_pool_give(p->memory, p->bytes); }

// ---- Panels -------------------------------------------------------------------------------------

void ek_pack(const ek_leaf *leaf, ek_type t, size_t rows, size_t columns, size_t width, const void *b, size_t rs, size_t cs, void *to) {
  const size_t size = ek_size(t);
  if (columns < width) memset(to, 0, rows * width * size);
  if (cs == 1) {
    for (size_t r = 0; r < rows; r++)
      memcpy((char *)to + r * width * size, (const char *)b + r * rs * size, columns * size);
    return;
  }
  size_t c = 0;
  if (rs == 1)
    for (; c + 4 <= columns; c += 4)
      leaf->transpose_rows(rows, (const char *)b + c * cs * size, (ptrdiff_t)cs, (char *)to + c * size, width);
  for (; c < columns; c++)
    for (size_t r = 0; r < rows; r++)
      memcpy((char *)to + (r * width + c) * size, (const char *)b + (r * rs + c * cs) * size, size);
}

typedef struct {
  const ek_leaf *leaf;
  ek_type t;
  size_t k, n, width, rs, cs;
  const char *b;
  char *to;
} pack_job;

static void pack_task(void *context, size_t panel) {
  const pack_job *j = context;
  const size_t size = ek_size(j->t), first = panel * j->width;
  ek_pack(j->leaf, j->t, j->k, ek_min(j->width, j->n - first), j->width, j->b + first * j->cs * size, j->rs, j->cs,
          j->to + panel * j->k * j->width * size);
}

ek_panels ek_panels_of(const ek_leaf *leaf, size_t n) {
  const size_t vector = leaf->vector, vectors = n > vector ? 2 : 1, width = vectors * vector;
  return (ek_panels){.ldb = width, .stride = width, .vectors = vectors, .width = width, .count = (n + width - 1) / width};
}

ek_panels ek_panels_make(const ek_leaf *leaf, ek_type t, size_t k, size_t n, const void *b, size_t rs, size_t cs) {
  const size_t size = ek_size(t);
  ek_panels p = ek_panels_of(leaf, n);
  const size_t width = p.width, panels = p.count;
  // Rows of whole panels can be read in place; rows far apart would compete for a few sets of the cache.
  if (cs == 1 && n % width == 0 && rs * size <= 128) {
    p.data = b;
    p.ldb = rs;
    return p;
  }
  p.stride = k * width;
  p.bytes = ek_max(panels * k * width * size, 1);
  p.memory = ek_scratch(p.bytes);
  p.data = p.memory;
  pack_job j = {.leaf = leaf, .t = t, .k = k, .n = n, .width = width, .rs = rs, .cs = cs, .b = b, .to = p.memory};
  enum { SMALL = 1 << 16 };  // bytes that are copied faster than a task is handed to a thread
  if (p.bytes < SMALL)
    for (size_t panel = 0; panel < panels; panel++) pack_task(&j, panel);
  else ek_parallel(panels, pack_task, &j);
  return p;
}

void ek_panels_free(ek_panels *p) {
  if (p->memory) ek_pool_give(p->memory, p->bytes);
}

// ---- Products -----------------------------------------------------------------------------------

enum { MOST_GROUPS = 7, MOST_VECTORS = 28, MOST_BYTES = 64 };  // of any tile, and of a vector
typedef struct { _Alignas(64) char bytes[MOST_VECTORS * MOST_BYTES]; } tile_buffer;

void ek_multiply_tile(const ek_product *p, size_t height, size_t groups, const ek_group *places, size_t valid,
                      size_t panel, const void *a, void *out) {
  const ek_leaf *leaf = p->leaf;
  const ek_plan *plan = p->plan;
  const size_t size = ek_size(p->t), columns = p->b.width, rows = height * groups;
  const size_t width = ek_min(columns, p->columns - panel * columns);
  const char *b = p->b.data + panel * p->b.stride * size;
  char *target = (char *)out + panel * columns * size;
  if (plan->chunks == 1 && width == columns && valid == rows) {
    leaf->tile(height, groups, p->b.vectors, places, p->rs, p->cs, plan->runs, plan->first[1], a, b, p->b.ldb, target,
               p->ldo, p->accumulate ? EK_ADD_TO : EK_REPLACE);
    return;
  }
  ek_group dense[MOST_GROUPS];
  for (size_t g = 0; g < groups; g++) dense[g] = (ek_group){places[g].from, (ptrdiff_t)(g * height * columns)};
  tile_buffer stack[EK_TREE_DEPTH];
  unsigned level[EK_TREE_DEPTH];
  size_t depth = 0;
  for (size_t chunk = 0; chunk < plan->chunks; chunk++) {
    leaf->tile(height, groups, p->b.vectors, dense, p->rs, p->cs, plan->runs + plan->first[chunk],
               plan->first[chunk + 1] - plan->first[chunk], a, b, p->b.ldb, stack[depth].bytes, columns,
               EK_REPLACE);
    level[depth++] = 0;
    while (depth > 1 && level[depth - 1] == level[depth - 2]) {
      leaf->zip(EK_ADD, rows * columns, stack[depth - 2].bytes, stack[depth - 1].bytes, stack[depth - 2].bytes);
      level[--depth - 1]++;
    }
  }
  if (depth == 0) {
    memset(stack[0].bytes, 0, rows * columns * size);
    depth = 1;
  }
  for (; depth > 1; depth--)
    leaf->zip(EK_ADD, rows * columns, stack[depth - 2].bytes, stack[depth - 1].bytes, stack[depth - 2].bytes);
  for (size_t r = 0; r < valid; r++) {
    const char *from = stack[0].bytes + r * columns * size;
    char *to = target + (places[r / height].to + (ptrdiff_t)((r % height) * p->ldo)) * (ptrdiff_t)size;
    if (p->accumulate) leaf->zip(EK_ADD, width, to, from, to);
    else memcpy(to, from, width * size);
  }
}

static inline void look_ahead(ek_ahead *a) {
  if (!a) return;
  enum { LINE = 64 };
  for (int s = 0; s < 2; s++)
    for (size_t i = 0; i < a->bytes && a->read[s].from < a->read[s].end; i += LINE, a->read[s].from += LINE)
      __builtin_prefetch(a->read[s].from, 0, 2);
  for (size_t i = 0; i < a->bytes && a->written.from < a->written.end; i += LINE, a->written.from += LINE)
    __builtin_prefetch(a->written.from, 1, 2);
}

size_t ek_tiles(const ek_rows *rows, const ek_leaf *leaf, size_t vectors) {
  const size_t can = leaf->groups[vectors - 1], most = rows->most > 0 ? ek_min(rows->most, can) : can;
  return (rows->count + most - 1) / most;
}

void ek_multiply(const ek_product *p, const ek_rows *rows, size_t panel, const void *a, void *out, ek_ahead *ahead) {
  // Tiles of nearly equal height: a short last tile would leave the fma units idle.
  const size_t height = p->leaf->height, tiles = ek_tiles(rows, p->leaf, p->b.vectors);
  for (size_t tile = 0, first = 0; tile < tiles; tile++) {
    const size_t groups = (rows->count - first + (tiles - tile) - 1) / (tiles - tile);
    look_ahead(ahead);
    ek_multiply_tile(p, height, groups, rows->groups + first, height * groups, panel, a, out);
    first += groups;
  }
  const size_t together = rows->rest_height > height ? p->leaf->tall[p->b.vectors - 1] : 1;
  for (size_t r = 0; r < rows->rest_count; r += together)
    ek_multiply_tile(p, rows->rest_height, together, rows->rests + r, rows->rest_height * together, panel, a, out);
}

// Calls the leaf for every tile of the rows with one panel, over some runs.
static void segment_tiles(const ek_product *p, const ek_rows *rows, size_t panel, const ek_run *runs, size_t run_count,
                          const void *a, void *out, ek_store store, ek_ahead *ahead) {
  const ek_leaf *leaf = p->leaf;
  const size_t size = ek_size(p->t), vectors = p->b.vectors, tiles = ek_tiles(rows, leaf, vectors);
  const char *b = p->b.data + panel * p->b.stride * size;
  char *target = (char *)out + panel * p->b.width * size;
  for (size_t tile = 0, first = 0; tile < tiles; tile++) {
    const size_t groups = (rows->count - first + (tiles - tile) - 1) / (tiles - tile);
    look_ahead(ahead);
    leaf->tile(leaf->height, groups, vectors, rows->groups + first, p->rs, p->cs, runs, run_count, a, b, p->b.ldb,
               target, p->ldo, store);
    first += groups;
  }
  const size_t together = rows->rest_height > leaf->height ? leaf->tall[vectors - 1] : 1;
  for (size_t r = 0; r < rows->rest_count; r += together)
    leaf->tile(rows->rest_height, together, vectors, rows->rests + r, p->rs, p->cs, runs, run_count, a, b, p->b.ldb,
               target, p->ldo, store);
}

void ek_multiply_segments(const ek_part *parts, size_t count, const void *a, void *out, size_t span, ek_ahead *ahead) {
  const ek_product *any = &parts[0].product;
  const size_t size = ek_size(any->t), chunks = any->plan->chunks;
  // Partial sums of whole results: the first in place, later ones one after another in scratch.
  size_t buffers = 0;
  while ((size_t)1 << buffers < chunks) buffers++;
  const size_t next_bytes = count * sizeof(size_t), bytes = ek_max(buffers * span * size, 1);
  size_t *next = ek_scratch(next_bytes);  // the next run of each part
  char *scratch = ek_scratch(bytes);
  for (size_t i = 0; i < count; i++) next[i] = 0;
  unsigned level[EK_TREE_DEPTH];
  size_t depth = 0;
#define PARTIAL(i) ((i) == 0 ? (char *)out : scratch + ((i) - 1) * span * size)
  for (size_t chunk = 0; chunk < chunks; chunk++) {
    const size_t start = chunk * EK_CHUNK, past = ek_min(start + EK_CHUNK, any->plan->length);
    for (size_t k = start; k < past; k += EK_SEGMENT)
      for (size_t panel = 0; panel < any->b.count; panel++)
        for (size_t i = 0; i < count; i++) {
          const ek_plan *plan = parts[i].product.plan;
          size_t end = next[i];
          while (end < plan->first[chunk + 1] && plan->runs[end].k < k + EK_SEGMENT) end++;
          if (end > next[i] || k == start)
            segment_tiles(&parts[i].product, &parts[i].rows, panel, plan->runs + next[i], end - next[i], a,
                          PARTIAL(depth), k == start ? EK_REPLACE : EK_RESUME, ahead);
          if (panel + 1 == any->b.count) next[i] = end;
        }
    level[depth++] = 0;
    while (depth > 1 && level[depth - 1] == level[depth - 2]) {
      any->leaf->zip(EK_ADD, span, PARTIAL(depth - 2), PARTIAL(depth - 1), PARTIAL(depth - 2));
      level[--depth - 1]++;
    }
  }
  for (; depth > 1; depth--) any->leaf->zip(EK_ADD, span, PARTIAL(depth - 2), PARTIAL(depth - 1), PARTIAL(depth - 2));
#undef PARTIAL
  ek_pool_give(scratch, bytes);
  ek_pool_give(next, next_bytes);
}
