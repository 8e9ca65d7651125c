// Winograd convolution: strips of tiles are passed through the leaves' transforms and products.
#include "winograd.h"
#include "batch_sum.h"
#include <string.h>

enum {
  POINTS = 36,
  // Sums over channels (of two terms) and over a sample's tiles are single chains of at most EK_CHUNK terms.
  MOST_CHANNELS = EK_CHUNK / 2,
  MOST_PIXELS = 16 * EK_CHUNK,
  // Tiles that are transformed and multiplied at once: their planes stay in the second-level cache beside the weights.
  FORWARD_TILES = 24,
  WEIGHT_TILES = 32,
  // Floats between the planes, in addition to their tiles, so that 36 planes do not map to the same cache lines.
  PLANE_GAP = 16,
};

bool ek_conv_is_winograd(ek_type t, const ek_conv *s) {
  return t == EK_F32 && ek_convolution_current() == EK_CONVOLUTION_WINOGRAD && s->kh == 3 && s->kw == 3 && s->stride == 1 &&
         s->pad == 1 && s->h > 0 && s->w > 0 && s->h % 4 == 0 && s->w % 4 == 0 && s->h * s->w <= MOST_PIXELS && s->ci > 0 &&
         s->co > 0 && s->ci % 16 == 0 && s->co % 16 == 0 && s->ci <= MOST_CHANNELS && s->co <= MOST_CHANNELS;
}

// Prefetches the next lines of memory, so that they arrive during the products.
typedef struct {
  const char *from, *end;
  size_t lines;  // per point
} stretch;

static stretch stretch_of(const float *from, size_t floats) {
  const size_t bytes = floats * sizeof(float);
  return (stretch){(const char *)from, (const char *)from + bytes, bytes / 64 / POINTS + 1};
}

static inline void fetch(stretch *s, const int write) {
  for (size_t l = 0; l < s->lines && s->from < s->end; l++, s->from += 64)
    if (write) __builtin_prefetch(s->from, 1, 2);
    else __builtin_prefetch(s->from, 0, 2);
}

// Clears what is outside an image: a row of zeros, and the first and last column of a strip's lines.
static void clear_frame(size_t w, size_t c, float *zeros, float *lines) {
  memset(zeros, 0, w * c * sizeof(float));
  for (size_t r = 0; r < 6; r++) {
    memset(lines + r * (w + 2) * c, 0, c * sizeof(float));
    memset(lines + (r * (w + 2) + w + 1) * c, 0, c * sizeof(float));
  }
}

// ---- Weights to points -----------------------------------------------------------------------------

typedef struct {
  const ek_winograd *leaf;
  size_t k, n;
  bool turned;
  const float *const *weights;
  float *u;
} points_job;

enum { ROWS_A_TASK = 16 };

static void points_task(void *context, size_t index) {
  const points_job *j = context;
  const size_t tasks = j->k / ROWS_A_TASK, term = index / tasks, first = index % tasks * ROWS_A_TASK;
  j->leaf->weights(first, first + ROWS_A_TASK, j->k, j->n, j->weights[term], j->turned, j->u + term * POINTS * j->k * j->n);
}

// ---- Forward and backward data -----------------------------------------------------------------------

typedef struct {
  const ek_winograd *leaf;
  size_t h, w, ci, co;      // of images x and y, ci and co exchanged for backward data
  int terms;
  const float *const *x;
  const float *u;           // [terms][POINTS][ci][co] in panels
  float *y;
  bool accumulate;
  size_t strips, a_block;   // in all, and of a block
  size_t blocks_a_task;     // neighbors, so that a thread can prefetch its next block
  size_t scratch_floats;
} forward_job;

static void forward_block(const forward_job *j, size_t first, size_t last, size_t end, float *scratch) {
  const size_t strips_a_sample = j->h / 4, tiles = j->w / 4, n = last - first, sample = j->h * j->w;
  const size_t plane_v = j->a_block * tiles * j->ci + PLANE_GAP, plane_z = j->a_block * tiles * j->co + PLANE_GAP;
  float *zeros = scratch, *lines = zeros + j->w * j->ci, *v = lines + 6 * (j->w + 2) * j->ci, *z = v + POINTS * plane_v;
  const size_t more = ek_min(last + j->a_block, end) - last;
  stretch written = stretch_of(j->y + last * 4 * j->w * j->co, more * 4 * j->w * j->co);
  for (int term = 0; term < j->terms; term++) {
    for (size_t i = 0; i < n; i++)
      j->leaf->input(j->h, j->w, j->ci, j->x[term] + (first + i) / strips_a_sample * sample * j->ci,
                     (first + i) % strips_a_sample, zeros, lines, v + i * tiles * j->ci, plane_v);
    stretch read = stretch_of(j->x[term] + last * 4 * j->w * j->ci, more * 4 * j->w * j->ci);
    for (size_t p = 0; p < POINTS; p++) {
      fetch(&read, 0);
      if (term == 0) fetch(&written, 1);
      j->leaf->product(term > 0, j->ci, n * tiles, j->co, v + p * plane_v, j->u + (term * POINTS + p) * j->ci * j->co,
                       z + p * plane_z);
    }
  }
  for (size_t i = 0; i < n; i++)
    j->leaf->output(j->accumulate, j->w, j->co, z + i * tiles * j->co, plane_z, j->y + (first + i) * 4 * j->w * j->co);
}

static void forward_task(void *context, size_t index) {
  const forward_job *j = context;
  const size_t bytes = j->scratch_floats * sizeof(float), span = j->blocks_a_task * j->a_block;
  float *scratch = ek_scratch(bytes);
  clear_frame(j->w, j->ci, scratch, scratch + j->w * j->ci);
  const size_t end = ek_min((index + 1) * span, j->strips);
  for (size_t first = index * span; first < end; first += j->a_block)
    forward_block(j, first, ek_min(first + j->a_block, end), end, scratch);
  ek_pool_give(scratch, bytes);
}

void ek_winograd_forward(const ek_conv *s, bool turned, int terms, const float *const *x, const float *const *weights, float *y,
                         bool accumulate) {
  forward_job j = {.leaf = ek_leaf_current(EK_F32)->winograd, .h = s->h, .w = s->w, .ci = turned ? s->co : s->ci,
                   .co = turned ? s->ci : s->co, .terms = terms, .x = x, .y = y, .accumulate = accumulate};
  j.strips = s->n * (s->h / 4);
  if (j.strips == 0) return;
  const size_t tiles = s->w / 4, u_bytes = (size_t)terms * POINTS * s->ci * s->co * sizeof(float);
  float *u = ek_scratch(u_bytes);
  j.u = u;
  points_job points = {.leaf = j.leaf, .k = j.ci, .n = j.co, .turned = turned, .weights = weights, .u = u};
  ek_parallel((size_t)terms * (j.ci / ROWS_A_TASK), points_task, &points);
  j.a_block = ek_max(FORWARD_TILES / tiles, 1);
  const size_t blocks = (j.strips + j.a_block - 1) / j.a_block;
  // Fewer if some threads would otherwise have no work.
  j.blocks_a_task = ek_max(ek_min(8, blocks / (4 * (size_t)ek_threads_current())), 1);
  j.scratch_floats = s->w * j.ci + 6 * (s->w + 2) * j.ci + POINTS * (j.a_block * tiles * (j.ci + j.co) + 2 * PLANE_GAP);
  ek_parallel((blocks + j.blocks_a_task - 1) / j.blocks_a_task, forward_task, &j);
  ek_pool_give(u, u_bytes);
}

// ---- Backward weight -----------------------------------------------------------------------------------

typedef struct {
  const ek_winograd *leaf;
  size_t n, h, w, ci, co;
  const float *x, *dy;
  size_t group;    // samples of a group
  size_t a_block;  // strips of a block
} weight_job;

static void weight_group(const void *context, size_t index, bool more, void *scratch, void *sum) {
  const weight_job *j = context;
  const size_t strips_a_sample = j->h / 4, tiles = j->w / 4, sample = j->h * j->w;
  const size_t first = index * j->group * strips_a_sample, end = ek_min((index + 1) * j->group, j->n) * strips_a_sample;
  const size_t plane_v = j->a_block * tiles * j->ci + PLANE_GAP, plane_d = j->a_block * tiles * j->co + PLANE_GAP;
  const size_t plane_z = j->ci * j->co + PLANE_GAP;
  float *zeros = scratch, *lines = zeros + j->w * j->ci, *v = lines + 6 * (j->w + 2) * j->ci, *d = v + POINTS * plane_v;
  float *z = d + POINTS * plane_d;
  clear_frame(j->w, j->ci, zeros, lines);
  const size_t limit = more ? ek_min((index + 2) * j->group, j->n) * strips_a_sample : end;
  for (size_t strip = first; strip < end; strip += j->a_block) {
    const size_t n = ek_min(j->a_block, end - strip);
    for (size_t i = 0; i < n; i++) {
      j->leaf->input(j->h, j->w, j->ci, j->x + (strip + i) / strips_a_sample * sample * j->ci, (strip + i) % strips_a_sample,
                     zeros, lines, v + i * tiles * j->ci, plane_v);
      j->leaf->gradient(j->w, j->co, j->dy + (strip + i) * 4 * j->w * j->co, d + i * tiles * j->co, plane_d);
    }
    const size_t next = strip + n, after = ek_min(next + j->a_block, limit) - next;
    stretch x = stretch_of(j->x + next * 4 * j->w * j->ci, after * 4 * j->w * j->ci);
    stretch dy = stretch_of(j->dy + next * 4 * j->w * j->co, after * 4 * j->w * j->co);
    for (size_t p = 0; p < POINTS; p++) {
      fetch(&x, 0);
      fetch(&dy, 0);
      j->leaf->outer(strip > first, j->ci, j->co, n * tiles, v + p * plane_v, d + p * plane_d, z + p * plane_z);
    }
  }
  j->leaf->weight_gradient(j->ci * j->co, z, plane_z, sum);
}

void ek_winograd_backward_weight(const ek_conv *s, const float *x, const float *dy, float *dweights) {
  const ek_leaf *leaf = ek_leaf_current(EK_F32);
  weight_job j = {.leaf = leaf->winograd, .n = s->n, .h = s->h, .w = s->w, .ci = s->ci, .co = s->co, .x = x, .dy = dy};
  j.group = ek_group_samples(s->h * s->w);
  const size_t tiles = s->w / 4;
  j.a_block = ek_min(ek_max(WEIGHT_TILES / tiles, 1), j.group * (s->h / 4));
  const size_t floats = s->w * s->ci + 6 * (s->w + 2) * s->ci +
                        POINTS * (j.a_block * tiles * (s->ci + s->co) + s->ci * s->co + 3 * PLANE_GAP);
  ek_sum_groups(leaf, EK_F32, (s->n + j.group - 1) / j.group, 9 * s->ci * s->co, floats * sizeof(float), weight_group, &j, dweights);
}
