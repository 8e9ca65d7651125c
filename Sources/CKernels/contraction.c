// Matmul and the convolution triple: plans over the tiles of a leaf (rules 1 to 3).
//
// Every product is a "strip": rows of A addressed by a base and a row stride, the contraction index
// cut into runs of constant stride, and a panel of B whose rows follow the contraction index. A strip
// walks chunks of 512, keeps each chunk's chain in registers, and combines chunk sums through a
// binary counter, which is the adjacent-pairs tree.
#include "machine.h"
#include <string.h>

// The contraction index as runs, cut at chunk borders.
typedef struct {
  ek_run *runs;
  size_t *first;  // first run of each chunk, and one past the last run
  size_t chunks;
  size_t length;  // of the whole index
  void *memory;
  size_t bytes;
} plan;

// `count` runs of `length` each at the given offsets, read with stride cs.
static plan plan_make(size_t count, size_t length, const ptrdiff_t *offsets, ptrdiff_t cs) {
  size_t k = count * length;
  plan p = {.chunks = (k + EK_CHUNK - 1) / EK_CHUNK, .length = k};
  size_t most = count + p.chunks;
  p.bytes = most * sizeof(ek_run) + (p.chunks + 1) * sizeof(size_t);
  p.memory = ek_scratch(p.bytes);
  p.runs = p.memory;
  p.first = (size_t *)(p.runs + most);
  size_t used = 0, position = 0, chunk = 0;
  for (size_t r = 0; r < count; r++)
    for (size_t done = 0; done < length;) {
      size_t room = EK_CHUNK - position % EK_CHUNK;
      size_t piece = ek_min(room, length - done);
      if (position % EK_CHUNK == 0) p.first[chunk++] = used;
      p.runs[used++] = (ek_run){offsets[r] + (ptrdiff_t)done * cs, piece};
      done += piece;
      position += piece;
    }
  p.first[chunk] = used;
  return p;
}

static void plan_free(plan *p) { ek_pool_give(p->memory, p->bytes); }

static void add_into(ek_type t, size_t count, void *x, const void *y) {
  if (t == EK_F32) {
    float *a = x;
    const float *b = y;
    for (size_t i = 0; i < count; i++) a[i] = a[i] + b[i];
  } else {
    double *a = x;
    const double *b = y;
    for (size_t i = 0; i < count; i++) a[i] = a[i] + b[i];
  }
}

enum { MOST_ROWS = 16, MOST_LANES = 32 };  // the largest tile: 16 rows, 2 vectors of 16 floats
typedef struct { _Alignas(64) char bytes[MOST_ROWS * MOST_LANES * 4]; } tile_buffer;

// B as panels: `columns` of it starting at `panel`, row stride ldb, padded with zeros to whole vectors.
typedef struct {
  const char *data;
  size_t ldb;
  size_t columns;  // stored columns per row, a multiple of the vector length
} operand;

// rows × columns of C from one base of A.
static void strip(const ek_leaf *leaf, ek_type t, const plan *p, size_t rows, size_t columns, const void *a,
                  ptrdiff_t rs, ptrdiff_t cs, operand b, void *c, size_t ldc, bool accumulate) {
  const size_t size = ek_size(t), vector = leaf->vector;
  for (size_t j = 0; j < columns;) {
    size_t vectors = columns - j > vector ? 2 : 1;
    size_t width = ek_min(vectors * vector, columns - j);
    const char *panel = b.data + j * size;
    for (size_t i = 0; i < rows;) {
      size_t height = leaf->tile_rows(rows - i, vectors);
      const char *base = (const char *)a + (ptrdiff_t)i * rs * (ptrdiff_t)size;
      char *target = (char *)c + (i * ldc + j) * size;
      size_t tile_columns = vectors * vector, tile_count = height * tile_columns;
      if (p->chunks == 1 && !accumulate && width == tile_columns) {
        leaf->tile(height, vectors, p->runs, p->first[1], base, rs, cs, panel, b.ldb, target, ldc);
      } else {
        tile_buffer stack[EK_TREE_DEPTH];
        unsigned level[EK_TREE_DEPTH];
        size_t depth = 0;
        for (size_t chunk = 0; chunk < p->chunks; chunk++) {
          leaf->tile(height, vectors, p->runs + p->first[chunk], p->first[chunk + 1] - p->first[chunk], base, rs,
                     cs, panel + chunk * EK_CHUNK * b.ldb * size, b.ldb, stack[depth].bytes, tile_columns);
          level[depth++] = 0;
          while (depth > 1 && level[depth - 1] == level[depth - 2]) {
            add_into(t, tile_count, stack[depth - 2].bytes, stack[depth - 1].bytes);
            level[--depth - 1]++;
          }
        }
        if (depth == 0) {
          memset(stack[0].bytes, 0, tile_count * size);
          depth = 1;
        }
        for (; depth > 1; depth--) add_into(t, tile_count, stack[depth - 2].bytes, stack[depth - 1].bytes);
        for (size_t r = 0; r < height; r++) {
          const char *from = stack[0].bytes + r * tile_columns * size;
          char *to = target + r * ldc * size;
          if (accumulate) add_into(t, width, to, from);
          else memcpy(to, from, width * size);
        }
      }
      i += height;
    }
    j += vectors * vector;
  }
}

static size_t padded(size_t columns, const ek_leaf *leaf) {
  return (columns + leaf->vector - 1) / leaf->vector * leaf->vector;
}

// A copy of rows × columns elements of B, at (r, c) ↦ b[r rs + c cs], with rows padded by zeros.
static void pack(ek_type t, size_t rows, size_t columns, size_t width, const void *b, size_t rs, size_t cs, void *to) {
  const size_t size = ek_size(t);
  memset(to, 0, rows * width * size);
  if (cs == 1) {
    for (size_t r = 0; r < rows; r++)
      memcpy((char *)to + r * width * size, (const char *)b + r * rs * size, columns * size);
  } else if (t == EK_F32) {
    const float *from = b;
    float *y = to;
    for (size_t c = 0; c < columns; c++)
      for (size_t r = 0; r < rows; r++) y[r * width + c] = from[r * rs + c * cs];
  } else {
    const double *from = b;
    double *y = to;
    for (size_t c = 0; c < columns; c++)
      for (size_t r = 0; r < rows; r++) y[r * width + c] = from[r * rs + c * cs];
  }
}

// ---- Matmul -------------------------------------------------------------------------------------

typedef struct {
  const ek_leaf *leaf;
  ek_type t;
  const plan *p;
  size_t m, n;
  const char *a;
  ptrdiff_t rs, cs;
  operand b;
  char *c;
  size_t ldc;
  bool accumulate;
} matmul_job;

enum { MATMUL_ROWS = 112 };  // rows a task: whole tiles of 14 and of 16 rows

static void matmul_task(void *context, size_t index) {
  const matmul_job *j = context;
  size_t first = index * MATMUL_ROWS, size = ek_size(j->t);
  strip(j->leaf, j->t, j->p, ek_min(MATMUL_ROWS, j->m - first), j->n, j->a + (ptrdiff_t)first * j->rs * (ptrdiff_t)size,
        j->rs, j->cs, j->b, j->c + first * j->ldc * size, j->ldc, j->accumulate);
}

void ek_matmul(ek_type t, bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, const void *a, size_t lda,
               const void *b, size_t ldb, void *c, size_t ldc, bool accumulate) {
  if (m == 0 || n == 0) return;
  const ek_leaf *leaf = ek_leaf_current(t);
  matmul_job j = {.leaf = leaf, .t = t, .m = m, .n = n, .a = a, .c = c, .ldc = ldc, .accumulate = accumulate};
  j.rs = transpose_a ? 1 : (ptrdiff_t)lda;
  j.cs = transpose_a ? (ptrdiff_t)lda : 1;
  ptrdiff_t zero = 0;
  plan p = plan_make(1, k, &zero, j.cs);
  j.p = &p;
  size_t width = padded(n, leaf), bytes = k * width * ek_size(t);
  bool copy = transpose_b || width != n;
  void *packed = copy ? ek_scratch(bytes) : NULL;
  if (copy) pack(t, k, n, width, b, transpose_b ? 1 : ldb, transpose_b ? ldb : 1, packed);
  j.b = (operand){copy ? packed : b, copy ? width : ldb, width};
  ek_parallel((m + MATMUL_ROWS - 1) / MATMUL_ROWS, matmul_task, &j);
  if (copy) ek_pool_give(packed, bytes);
  plan_free(&p);
}

// ---- Convolution --------------------------------------------------------------------------------

typedef struct {
  const ek_leaf *leaf;
  ek_type t;
  ek_conv s;
  const char *x;
  char *y;
  const plan *p;
  operand b;
  // The zero-framed copy of one sample that rows are read from.
  size_t frame_h, frame_w;
  ptrdiff_t top, left;    // where the sample's (0, 0) stands in the frame
  // Backward-data: the rows and columns of this stride phase.
  size_t phase_y, phase_x, rows, columns;
} conv_job;

// Copies the rows of `from` [h][w][c] that fall inside a frame of zeros.
static void frame_fill(ek_type t, size_t h, size_t w, size_t c, const char *from, size_t frame_h, size_t frame_w,
                       ptrdiff_t top, ptrdiff_t left, char *frame) {
  const size_t pixel = c * ek_size(t);
  ptrdiff_t x0 = left > 0 ? left : 0;
  ptrdiff_t x1 = (ptrdiff_t)w + left < (ptrdiff_t)frame_w ? (ptrdiff_t)w + left : (ptrdiff_t)frame_w;
  for (ptrdiff_t y = 0; y < (ptrdiff_t)frame_h; y++) {
    char *row = frame + (size_t)y * frame_w * pixel;
    ptrdiff_t source = y - top;
    if (source < 0 || source >= (ptrdiff_t)h || x1 <= x0) {
      memset(row, 0, frame_w * pixel);
      continue;
    }
    memset(row, 0, (size_t)x0 * pixel);
    memcpy(row + (size_t)x0 * pixel, from + ((size_t)source * w + (size_t)(x0 - left)) * pixel, (size_t)(x1 - x0) * pixel);
    memset(row + (size_t)x1 * pixel, 0, (frame_w - (size_t)x1) * pixel);
  }
}

// The forward frame: every tap of every output pixel lies inside.
static void forward_frame(const ek_conv *s, size_t *h, size_t *w) {
  *h = ek_max((s->oh - 1) * s->stride + s->kh, 1);
  *w = ek_max((s->ow - 1) * s->stride + s->kw, 1);
}

static void forward_task(void *context, size_t n) {
  const conv_job *j = context;
  const ek_conv *s = &j->s;
  const size_t size = ek_size(j->t), sample = s->h * s->w * s->ci * size;
  const size_t bytes = j->frame_h * j->frame_w * s->ci * size;
  char *frame = NULL;
  const char *base = j->x + n * sample;
  if (s->pad > 0) {
    frame = ek_scratch(bytes);
    frame_fill(j->t, s->h, s->w, s->ci, base, j->frame_h, j->frame_w, j->top, j->left, frame);
    base = frame;
  }
  const size_t row = (s->pad > 0 ? j->frame_w : s->w) * s->ci;
  for (size_t oy = 0; oy < s->oh; oy++)
    strip(j->leaf, j->t, j->p, s->ow, s->co, base + oy * s->stride * row * size, (ptrdiff_t)(s->stride * s->ci), 1,
          j->b, j->y + (n * s->oh + oy) * s->ow * s->co * size, s->co, false);
  if (frame) ek_pool_give(frame, bytes);
}

void ek_conv_forward(ek_type t, const ek_conv *s, const void *x, const void *weights, void *y) {
  if (s->n * s->oh * s->ow * s->co == 0) return;
  const size_t k = s->kh * s->kw * s->ci;
  if (s->kh == 1 && s->kw == 1 && s->stride == 1 && s->pad == 0) {
    ek_matmul(t, false, false, s->n * s->oh * s->ow, s->co, k, x, s->ci, weights, s->co, y, s->co, false);
    return;
  }
  const ek_leaf *leaf = ek_leaf_current(t);
  conv_job j = {.leaf = leaf, .t = t, .s = *s, .x = x, .y = y, .top = (ptrdiff_t)s->pad, .left = (ptrdiff_t)s->pad};
  forward_frame(s, &j.frame_h, &j.frame_w);
  const size_t row = (s->pad > 0 ? j.frame_w : s->w) * s->ci, table = s->kh * sizeof(ptrdiff_t);
  ptrdiff_t *offsets = ek_scratch(table);
  for (size_t kh = 0; kh < s->kh; kh++) offsets[kh] = (ptrdiff_t)(kh * row);
  plan p = plan_make(s->kh, s->kw * s->ci, offsets, 1);
  ek_pool_give(offsets, table);
  j.p = &p;
  const size_t width = padded(s->co, leaf), bytes = k * width * ek_size(t);
  void *packed = width == s->co ? NULL : ek_scratch(bytes);
  if (packed) pack(t, k, s->co, width, weights, s->co, 1, packed);
  j.b = (operand){packed ? packed : weights, width, width};
  ek_parallel(s->n, forward_task, &j);
  if (packed) ek_pool_give(packed, bytes);
  plan_free(&p);
}

static void backward_data_task(void *context, size_t n) {
  const conv_job *j = context;
  const ek_conv *s = &j->s;
  const size_t size = ek_size(j->t), sample = s->oh * s->ow * s->co * size;
  const size_t bytes = ek_max(j->frame_h * j->frame_w * s->co * size, 1);
  char *frame = ek_scratch(bytes);
  frame_fill(j->t, s->oh, s->ow, s->co, j->x + n * sample, j->frame_h, j->frame_w, j->top, j->left, frame);
  for (size_t i = 0; i < j->rows; i++) {
    size_t y = j->phase_y + i * s->stride;
    char *target = j->y + ((n * s->h + y) * s->w + j->phase_x) * s->ci * size;
    strip(j->leaf, j->t, j->p, j->columns, s->ci, frame + i * j->frame_w * s->co * size, (ptrdiff_t)s->co, 1, j->b,
          target, s->stride * s->ci, false);
  }
  ek_pool_give(frame, bytes);
}

// Taps (along one axis) of the pixels p with p mod stride = phase: those where (p + pad - tap) is a
// multiple of the stride; first[i] is the output index at the phase's first pixel, which may be negative.
static size_t phase_taps(size_t phase, size_t taps, size_t stride, size_t pad, size_t *tap, ptrdiff_t *first) {
  size_t count = 0;
  for (size_t k = 0; k < taps; k++) {
    ptrdiff_t at = (ptrdiff_t)(phase + pad) - (ptrdiff_t)k;
    if (at % (ptrdiff_t)stride != 0) continue;
    tap[count] = k;
    first[count++] = at / (ptrdiff_t)stride;
  }
  return count;
}

void ek_conv_backward_data(ek_type t, const ek_conv *s, const void *dy, const void *weights, void *dx) {
  if (s->n * s->h * s->w * s->ci == 0) return;
  if (s->kh == 1 && s->kw == 1 && s->stride == 1 && s->pad == 0) {
    ek_matmul(t, false, true, s->n * s->h * s->w, s->ci, s->co, dy, s->co, weights, s->co, dx, s->ci, false);
    return;
  }
  const ek_leaf *leaf = ek_leaf_current(t);
  const size_t size = ek_size(t), width = padded(s->ci, leaf), tap_bytes = s->co * width * size;
  const size_t taps = s->kh * s->kw;
  const size_t packed_bytes = ek_max(taps * tap_bytes, 1), offset_bytes = ek_max(taps * sizeof(ptrdiff_t), 1);
  const size_t list_bytes = (s->kh + s->kw) * (sizeof(size_t) + sizeof(ptrdiff_t));
  char *packed = ek_scratch(packed_bytes);
  ptrdiff_t *offsets = ek_scratch(offset_bytes);
  size_t *tap_y = ek_scratch(list_bytes), *tap_x = tap_y + s->kh;
  ptrdiff_t *first_y = (ptrdiff_t *)(tap_x + s->kw), *first_x = first_y + s->kh;
  for (size_t phase_y = 0; phase_y < ek_min(s->stride, s->h); phase_y++)
    for (size_t phase_x = 0; phase_x < ek_min(s->stride, s->w); phase_x++) {
      size_t ny = phase_taps(phase_y, s->kh, s->stride, s->pad, tap_y, first_y);
      size_t nx = phase_taps(phase_x, s->kw, s->stride, s->pad, tap_x, first_x);
      conv_job j = {.leaf = leaf, .t = t, .s = *s, .x = dy, .y = dx, .phase_y = phase_y, .phase_x = phase_x};
      j.rows = (s->h - phase_y + s->stride - 1) / s->stride;
      j.columns = (s->w - phase_x + s->stride - 1) / s->stride;
      // first_ decreases with the tap: the last tap reads the frame's first row.
      if (ny > 0 && nx > 0) {
        j.top = -first_y[ny - 1];
        j.left = -first_x[nx - 1];
        j.frame_h = (size_t)(first_y[0] - first_y[ny - 1]) + j.rows;
        j.frame_w = (size_t)(first_x[0] - first_x[nx - 1]) + j.columns;
      }
      size_t used = 0;
      for (size_t a = 0; a < ny; a++)
        for (size_t b = 0; b < nx; b++, used++) {
          offsets[used] = ((first_y[a] + j.top) * (ptrdiff_t)j.frame_w + first_x[b] + j.left) * (ptrdiff_t)s->co;
          const char *w = (const char *)weights + (tap_y[a] * s->kw + tap_x[b]) * s->ci * s->co * size;
          pack(t, s->co, s->ci, width, w, 1, s->co, packed + used * tap_bytes);
        }
      plan p = plan_make(used, s->co, offsets, 1);
      j.p = &p;
      j.b = (operand){packed, width, width};
      ek_parallel(s->n, backward_data_task, &j);
      plan_free(&p);
    }
  ek_pool_give(tap_y, list_bytes);
  ek_pool_give(offsets, offset_bytes);
  ek_pool_give(packed, packed_bytes);
}

// Samples a group has, by rule 2.
static size_t group_samples(size_t pixels) {
  size_t g = 8;
  while (g > 1 && g * pixels > EK_CHUNK) g /= 2;
  return g;
}

typedef struct {
  const ek_leaf *leaf;
  ek_type t;
  ek_conv s;
  const char *x, *dy;
  char *sums;          // [groups][kh kw ci][co]
  size_t group, groups, count;
  size_t frame_h, frame_w, width;
} weight_job;

static void weight_group_task(void *context, size_t index) {
  const weight_job *j = context;
  const ek_conv *s = &j->s;
  const size_t size = ek_size(j->t), first = index * j->group, samples = ek_min(j->group, s->n - first);
  const size_t frame = j->frame_h * j->frame_w * s->ci, pixels = samples * s->oh * s->ow;
  const bool framed = s->pad > 0;
  const size_t frame_bytes = samples * frame * size;
  const char *base = j->x + first * s->h * s->w * s->ci * size;
  char *frames = NULL;
  if (framed) {
    frames = ek_scratch(frame_bytes);
    for (size_t n = 0; n < samples; n++)
      frame_fill(j->t, s->h, s->w, s->ci, base + n * s->h * s->w * s->ci * size, j->frame_h, j->frame_w,
                 (ptrdiff_t)s->pad, (ptrdiff_t)s->pad, frames + n * frame * size);
    base = frames;
  }
  const size_t row = (framed ? j->frame_w : s->w) * s->ci, sample = framed ? frame : s->h * s->w * s->ci;
  const size_t run_count = samples * s->oh, offset_bytes = ek_max(run_count * sizeof(ptrdiff_t), 1);
  ptrdiff_t *offsets = ek_scratch(offset_bytes);
  for (size_t n = 0; n < samples; n++)
    for (size_t oy = 0; oy < s->oh; oy++) offsets[n * s->oh + oy] = (ptrdiff_t)(n * sample + oy * s->stride * row);
  const ptrdiff_t cs = (ptrdiff_t)(s->stride * s->ci);
  plan p = plan_make(run_count, s->ow, offsets, cs);
  ek_pool_give(offsets, offset_bytes);
  const char *dy = j->dy + first * s->oh * s->ow * s->co * size;
  const size_t packed_bytes = pixels * j->width * size;
  char *packed = j->width == s->co ? NULL : ek_scratch(packed_bytes);
  if (packed) pack(j->t, pixels, s->co, j->width, dy, s->co, 1, packed);
  operand b = {packed ? packed : dy, j->width, j->width};
  for (size_t kh = 0; kh < s->kh; kh++)
    strip(j->leaf, j->t, &p, s->kw * s->ci, s->co, base + kh * row * size, 1, cs, b,
          j->sums + (index * j->count + kh * s->kw * s->ci * s->co) * size, s->co, false);
  if (packed) ek_pool_give(packed, packed_bytes);
  plan_free(&p);
  if (frames) ek_pool_give(frames, frame_bytes);
}

enum { TREE_SPAN = 4096 };  // elements a task of the group tree

static void weight_tree_task(void *context, size_t index) {
  const weight_job *j = context;
  const size_t size = ek_size(j->t), first = index * TREE_SPAN, span = ek_min(TREE_SPAN, j->count - first);
  for (size_t step = 1; step < j->groups; step *= 2)
    for (size_t g = 0; g + step < j->groups; g += 2 * step)
      add_into(j->t, span, j->sums + (g * j->count + first) * size, j->sums + ((g + step) * j->count + first) * size);
}

void ek_conv_backward_weight(ek_type t, const ek_conv *s, const void *x, const void *dy, void *dweights) {
  const size_t count = s->kh * s->kw * s->ci * s->co, size = ek_size(t);
  if (count == 0) return;
  if (s->n * s->oh * s->ow == 0) {
    memset(dweights, 0, count * size);
    return;
  }
  weight_job j = {.leaf = ek_leaf_current(t), .t = t, .s = *s, .x = x, .dy = dy, .count = count};
  j.group = group_samples(s->oh * s->ow);
  j.groups = (s->n + j.group - 1) / j.group;
  j.width = padded(s->co, j.leaf);
  forward_frame(s, &j.frame_h, &j.frame_w);
  const size_t bytes = j.groups * count * size;
  j.sums = ek_scratch(bytes);
  ek_parallel(j.groups, weight_group_task, &j);
  ek_parallel((count + TREE_SPAN - 1) / TREE_SPAN, weight_tree_task, &j);
  memcpy(dweights, j.sums, count * size);
  ek_pool_give(j.sums, bytes);
}
