// The three convolution functions (rules 1 to 3). No patches are copied; tiles read the images in place. Taps outside
// the image are not terms: outputs that see the same taps share a plan.
#include "batch_sum.h"
#include "contraction.h"
#include "winograd.h"
#include <string.h>

// ---- What lies inside ------------------------------------------------------------------------------

// Neighbors along one axis, first ..< first + count, for which the same taps, lo ..< hi, lie inside.
typedef struct {
  size_t first, count, lo, hi;
} span;

// Tap k of place i is at i step + at[k], where `at` increases or decreases. Writes at most `places` spans; where no tap
// is inside, lo = hi = 0.
static size_t spans_of(size_t places, size_t step, size_t extent, size_t taps, const ptrdiff_t *at, span *spans) {
  size_t count = 0;
  for (size_t i = 0; i < places; i++) {
    span s = {i, 1, 0, 0};
    for (size_t k = 0; k < taps; k++) {
      const ptrdiff_t p = (ptrdiff_t)(i * step) + at[k];
      if (p < 0 || p >= (ptrdiff_t)extent) continue;
      if (s.hi == 0) s.lo = k;
      s.hi = k + 1;
    }
    if (count > 0 && spans[count - 1].lo == s.lo && spans[count - 1].hi == s.hi) spans[count - 1].count++;
    else spans[count++] = s;
  }
  return count;
}

// ---- Forward and backward data: images through taps -------------------------------------------

enum { SAMPLES_A_TASK = 4 };  // neighbors, so that a thread can prefetch its next sample

// A rectangle of outputs that see the same taps. Its rows are divided into groups of neighbors in a line, the remaining
// columns into groups of neighbors in a column, and the pixels that still remain into groups of neighboring samples, or
// into single pixels where a task has fewer than SAMPLES_A_TASK samples.
enum { ACROSS, DOWN, DEEP, ALONE, WAYS };
typedef struct {
  ek_plan plan;
  size_t first, lines, a_line;  // output lines, and ACROSS groups in each
  ek_part parts[WAYS];
} rectangle;

// One correlation of images with taps: of the whole output, or of one stride phase of it.
typedef struct {
  ek_product product;
  const char *x;
  char *y;
  size_t samples, samples_a_task;
  size_t h, w, c;                 // of one sample of x
  size_t out_sample;              // elements of one sample of y
  size_t lines, length, band;     // output lines, outputs in each, and lines computed at once
  size_t line_to, row_to;         // elements between output lines and between neighbors in one
  size_t first_to;                // of the first output element
  size_t step;                    // input pixels between outputs
  size_t taps_y, taps_x;
  const ptrdiff_t *at_y, *at_x;   // positions of the taps of output 0
  bool gaps;                      // between the outputs, for those of other stride phases
  size_t tiles_a_band;
  rectangle *rectangles;
  size_t count;
} correlation;

static const char *stretch_end(const char *from, size_t bytes, const char *limit) {
  return from + ek_min(bytes, (size_t)(limit - from));
}

static void correlate_sample(const correlation *j, size_t n, bool alone, bool more) {
  const size_t size = ek_size(j->product.t), pixel = j->c * size, input = j->h * j->w * pixel;
  const char *sample = j->x + n * input;
  char *y = j->y + (n * j->out_sample + j->first_to) * size;
  for (size_t first = 0; first < j->lines; first += j->band) {
    const size_t past = ek_min(first + j->band, j->lines);
    // The input lines and output lines of the next band, in this sample or the next.
    ek_ahead ahead = {0};
    const size_t band_bytes = j->band * j->step * j->w * pixel, out_bytes = j->band * j->line_to * size;
    if (j->gaps) {
      // For a stride phase, the neighboring phases have just loaded this memory.
    } else if (past < j->lines) {
      ahead.read[0].from = sample + ek_min(past * j->step, j->h) * j->w * pixel;
      ahead.written.from = y + past * j->line_to * size;
    } else if (more) {
      ahead.read[0].from = sample + input;
      ahead.written.from = y + j->out_sample * size;
    }
    if (ahead.read[0].from) {
      ahead.read[0].end = stretch_end(ahead.read[0].from, band_bytes, j->x + j->samples * input);
      ahead.written.end = stretch_end(ahead.written.from, out_bytes, j->y + j->samples * j->out_sample * size);
      ahead.bytes = ek_max(band_bytes, out_bytes) / j->tiles_a_band + 64;
    }
    for (size_t panel = 0; panel < j->product.b.count; panel++)
      for (const rectangle *r = j->rectangles; r < j->rectangles + j->count; r++) {
        const size_t begin = ek_max(first, r->first), end = ek_min(past, r->first + r->lines);
        if (begin < end && r->a_line > 0) {
          const ek_rows rows = {.groups = r->parts[ACROSS].rows.groups + (begin - r->first) * r->a_line,
                                .count = (end - begin) * r->a_line};
          ek_multiply(&r->parts[ACROSS].product, &rows, panel, sample, y, &ahead);
        }
        if (past < j->lines) continue;
        ek_multiply(&r->parts[DOWN].product, &r->parts[DOWN].rows, panel, sample, y, &ahead);
        if (alone) ek_multiply(&r->parts[ALONE].product, &r->parts[ALONE].rows, panel, sample, y, &ahead);
      }
  }
}

static void correlation_task(void *context, size_t index) {
  const correlation *j = context;
  const size_t first = index * j->samples_a_task, last = ek_min(first + j->samples_a_task, j->samples);
  const bool alone = last - first < SAMPLES_A_TASK;
  for (size_t n = first; n < last; n++) correlate_sample(j, n, alone, n + 1 < last);
  if (alone) return;
  const size_t size = ek_size(j->product.t);
  const char *samples = j->x + first * j->h * j->w * j->c * size;
  char *y = j->y + (first * j->out_sample + j->first_to) * size;
  for (size_t panel = 0; panel < j->product.b.count; panel++)
    for (const rectangle *r = j->rectangles; r < j->rectangles + j->count; r++)
      ek_multiply(&r->parts[DEEP].product, &r->parts[DEEP].rows, panel, samples, y, NULL);
}

// The runs of the taps ys.lo ..< ys.hi × xs.lo ..< xs.hi among all taps; runs that are contiguous are joined.
static ek_plan taps_plan(const correlation *j, span ys, span xs) {
  const size_t bytes = ek_max(j->taps_y * j->taps_x * sizeof(ek_run), 1);
  ek_run *runs = ek_scratch(bytes);
  size_t count = 0;
  for (size_t a = ys.lo; a < ys.hi; a++)
    for (size_t b = xs.lo; b < xs.hi; b++) {
      const ek_run run = {(j->at_y[a] * (ptrdiff_t)j->w + j->at_x[b]) * (ptrdiff_t)j->c, (a * j->taps_x + b) * j->c, j->c};
      ek_run *last = count > 0 ? runs + count - 1 : NULL;
      if (last && last->offset + (ptrdiff_t)last->length == run.offset && last->k + last->length == run.k) last->length += j->c;
      else runs[count++] = run;
    }
  ek_plan plan = ek_plan_make(j->taps_y * j->taps_x * j->c, count, runs, 1);
  ek_pool_give(runs, bytes);
  return plan;
}

// Rows a line or a sample apart are often a power of two apart in memory, so they map to the same sets of the
// first-level cache.
enum { FAR_ROWS = 8 };

// Divides the rectangle ys × xs of outputs into groups, which are written to `groups`; returns their end.
static ek_group *rectangle_make(const correlation *j, span ys, span xs, rectangle *r, ek_group *groups) {
  const size_t height = j->product.leaf->height, input = j->h * j->w * j->c, from_row = j->step * j->c, from_line = from_row * j->w;
  *r = (rectangle){.plan = taps_plan(j, ys, xs), .first = ys.first, .lines = ys.count, .a_line = xs.count / height};
  const size_t row_strides[WAYS] = {from_row, from_line, input, from_row}, out_strides[WAYS] = {j->row_to, j->line_to, j->out_sample, j->row_to};
  for (int way = 0; way < WAYS; way++) {
    ek_part *part = &r->parts[way];
    part->product = j->product;
    part->product.plan = &r->plan;
    part->product.rs = (ptrdiff_t)row_strides[way];
    part->product.cs = 1;
    part->product.ldo = out_strides[way];
    part->rows = (ek_rows){.groups = groups, .rests = groups, .rest_height = way == ALONE ? xs.count % height : 0,
                           .most = way == ACROSS ? 0 : ek_max(FAR_ROWS / height, 1)};
    const size_t wide = r->a_line * height, high = ys.count / height * height;
    const size_t y0 = way == DEEP || way == ALONE ? high : 0, y1 = way == DOWN ? high : ys.count;
    const size_t x0 = way == ACROSS ? 0 : wide, x1 = way == ACROSS ? wide : xs.count;
    const size_t y_step = way == DOWN ? height : 1, x_step = way == ACROSS ? height : way == ALONE ? ek_max(xs.count % height, 1) : 1;
    for (size_t n = 0; n < (way == DEEP ? SAMPLES_A_TASK : 1); n += height)
      for (size_t y = ys.first + y0; y < ys.first + y1; y += y_step)
        for (size_t x = xs.first + x0; x < xs.first + x1; x += x_step)
          *groups++ = (ek_group){(ptrdiff_t)(n * input + y * from_line + x * from_row),
                                 (ptrdiff_t)(n * j->out_sample + y * j->line_to + x * j->row_to)};
    *(way == ALONE ? &part->rows.rest_count : &part->rows.count) = (size_t)(groups - part->rows.groups);
  }
  return groups;
}

// Runs the correlation over n samples.
static void correlate(correlation *j, size_t n) {
  // What a band reads stays in the first-level cache, together with a panel.
  enum { BAND_PIXELS = 256 };
  j->band = ek_min(ek_max(BAND_PIXELS / j->length, 1), j->lines);
  j->gaps = j->row_to != j->product.columns || j->line_to != j->length * j->row_to;
  const ek_leaf *leaf = j->product.leaf;
  const size_t span_bytes = (j->lines + j->length) * sizeof(span);
  span *ys = ek_scratch(span_bytes), *xs = ys + j->lines;
  const size_t down = spans_of(j->lines, j->step, j->h, j->taps_y, j->at_y, ys);
  const size_t across = spans_of(j->length, j->step, j->w, j->taps_x, j->at_x, xs);
  j->count = down * across;
  // Most groups have leaf->height outputs of one sample; a rectangle has fewer than height² outputs that remain.
  const size_t most = j->lines * j->length / leaf->height + 2 * j->count * SAMPLES_A_TASK * leaf->height;
  const size_t rectangle_bytes = j->count * sizeof(rectangle), group_bytes = most * sizeof(ek_group);
  j->rectangles = ek_scratch(rectangle_bytes);
  ek_group *groups = ek_scratch(group_bytes), *used = groups;
  size_t tiles = 0;
  for (size_t y = 0; y < down; y++)
    for (size_t x = 0; x < across; x++) {
      rectangle *r = &j->rectangles[y * across + x];
      used = rectangle_make(j, ys[y], xs[x], r, used);
      tiles += ek_tiles(&r->parts[ACROSS].rows, leaf, j->product.b.vectors);
    }
  j->tiles_a_band = ek_max(tiles * j->product.b.count / ((j->lines + j->band - 1) / j->band), 1);
  j->samples = n;
  // Fewer if some threads would otherwise have no work.
  j->samples_a_task = ek_max(ek_min(SAMPLES_A_TASK, n / (4 * (size_t)ek_threads_current())), 1);
  ek_parallel((n + j->samples_a_task - 1) / j->samples_a_task, correlation_task, j);
  for (size_t i = 0; i < j->count; i++) ek_plan_free(&j->rectangles[i].plan);
  ek_pool_give(groups, group_bytes);
  ek_pool_give(j->rectangles, rectangle_bytes);
  ek_pool_give(ys, span_bytes);
}

void ek_conv_forward(ek_type t, const ek_conv *s, const void *x, const void *weights, void *y, bool accumulate) {
  if (s->n * s->oh * s->ow * s->co == 0) return;
  if (ek_conv_is_winograd(t, s)) {
    ek_winograd_forward(s, false, 1, (const float *const[]){x}, (const float *const[]){weights}, y, accumulate);
    return;
  }
  const size_t k = s->kh * s->kw * s->ci;
  if (s->kh == 1 && s->kw == 1 && s->stride == 1 && s->pad == 0) {
    ek_matmul(t, false, false, s->n * s->oh * s->ow, s->co, k, x, s->ci, weights, s->co, y, s->co,
              accumulate);
    return;
  }
  const size_t table = ek_max((s->kh + s->kw) * sizeof(ptrdiff_t), 1);
  ptrdiff_t *at_y = ek_scratch(table), *at_x = at_y + s->kh;
  for (size_t kh = 0; kh < s->kh; kh++) at_y[kh] = (ptrdiff_t)kh - (ptrdiff_t)s->pad;
  for (size_t kw = 0; kw < s->kw; kw++) at_x[kw] = (ptrdiff_t)kw - (ptrdiff_t)s->pad;
  correlation j = {.x = x, .y = y, .h = s->h, .w = s->w, .c = s->ci, .out_sample = s->oh * s->ow * s->co,
                   .lines = s->oh, .length = s->ow, .line_to = s->ow * s->co, .row_to = s->co, .step = s->stride,
                   .taps_y = s->kh, .taps_x = s->kw, .at_y = at_y, .at_x = at_x};
  j.product = (ek_product){.leaf = ek_leaf_current(t), .t = t, .columns = s->co, .accumulate = accumulate};
  j.product.b = ek_panels_make(j.product.leaf, t, k, s->co, weights, s->co, 1);
  correlate(&j, s->n);
  ek_panels_free(&j.product.b);
  ek_pool_give(at_y, table);
}

// The taps (along one axis) of the pixels p with p mod stride = phase: those for which (p + pad - tap) is a multiple of
// the stride. first[i] is the output index at the phase's first pixel; it may be negative, and it decreases with i.
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

void ek_conv_backward_data(ek_type t, const ek_conv *s, const void *dy, const void *weights, void *dx,
                           bool accumulate) {
  if (s->n * s->h * s->w * s->ci == 0) return;
  if (ek_conv_is_winograd(t, s)) {
    ek_winograd_forward(s, true, 1, (const float *const[]){dy}, (const float *const[]){weights}, dx, accumulate);
    return;
  }
  if (s->kh == 1 && s->kw == 1 && s->stride == 1 && s->pad == 0) {
    ek_matmul(t, false, true, s->n * s->h * s->w, s->ci, s->co, dy, s->co, weights, s->co, dx, s->ci,
              accumulate);
    return;
  }
  const ek_leaf *leaf = ek_leaf_current(t);
  const size_t size = ek_size(t), taps = s->kh * s->kw;
  ek_panels b = ek_panels_of(leaf, s->ci);
  const size_t packed_bytes = ek_max(taps * s->co * b.count * b.width * size, 1);
  const size_t list_bytes = ek_max((s->kh + s->kw) * (sizeof(size_t) + sizeof(ptrdiff_t)), 1);
  char *packed = ek_scratch(packed_bytes);
  size_t *tap_y = ek_scratch(list_bytes), *tap_x = tap_y + s->kh;
  ptrdiff_t *first_y = (ptrdiff_t *)(tap_x + s->kw), *first_x = first_y + s->kh;
  for (size_t phase_y = 0; phase_y < ek_min(s->stride, s->h); phase_y++)
    for (size_t phase_x = 0; phase_x < ek_min(s->stride, s->w); phase_x++) {
      size_t ny = phase_taps(phase_y, s->kh, s->stride, s->pad, tap_y, first_y);
      size_t nx = phase_taps(phase_x, s->kw, s->stride, s->pad, tap_x, first_x);
      const size_t length = (s->w - phase_x + s->stride - 1) / s->stride;
      correlation j = {.x = dy, .y = dx, .h = s->oh, .w = s->ow, .c = s->co, .out_sample = s->h * s->w * s->ci,
                       .lines = (s->h - phase_y + s->stride - 1) / s->stride, .length = length,
                       .line_to = s->stride * s->w * s->ci, .row_to = s->stride * s->ci,
                       .first_to = (phase_y * s->w + phase_x) * s->ci, .step = 1, .taps_y = ny, .taps_x = nx,
                       .at_y = first_y, .at_x = first_x};
      const size_t used = ny * nx;
      // Panels of the weights with (tap, co) as rows and ci as columns.
      for (size_t panel = 0; panel < b.count; panel++)
        for (size_t tap = 0; tap < used; tap++)
          ek_pack(leaf, t, s->co, ek_min(b.width, s->ci - panel * b.width), b.width,
                  (const char *)weights +
                      ((tap_y[tap / nx] * s->kw + tap_x[tap % nx]) * s->ci + panel * b.width) * s->co * size,
                  1, s->co, packed + (panel * used + tap) * s->co * b.width * size);
      b.data = packed;
      b.stride = used * s->co * b.width;
      j.product = (ek_product){.leaf = leaf, .t = t, .b = b, .columns = s->ci, .accumulate = accumulate};
      correlate(&j, s->n);
    }
  ek_pool_give(tap_y, list_bytes);
  ek_pool_give(packed, packed_bytes);
}

// ---- Along tangents ------------------------------------------------------------------------------

void ek_conv_forward_tangent(ek_type t, const ek_conv *s, const void *x, const void *x_tangent, const void *weights,
                             const void *weights_tangent, void *y) {
  if (ek_conv_is_winograd(t, s)) {
    ek_winograd_forward(s, false, 2, (const float *const[]){x_tangent, x}, (const float *const[]){weights, weights_tangent}, y, false);
    return;
  }
  ek_conv_forward(t, s, x_tangent, weights, y, false);
  ek_conv_forward(t, s, x, weights_tangent, y, true);
}

void ek_conv_backward_data_tangent(ek_type t, const ek_conv *s, const void *dy, const void *dy_tangent, const void *weights,
                                   const void *weights_tangent, void *dx, bool accumulate) {
  if (ek_conv_is_winograd(t, s)) {
    ek_winograd_forward(s, true, 2, (const float *const[]){dy_tangent, dy}, (const float *const[]){weights, weights_tangent}, dx,
                        accumulate);
    return;
  }
  const size_t count = s->n * s->h * s->w * s->ci, bytes = ek_max(count * ek_size(t), 1);
  void *sum = accumulate ? ek_scratch(bytes) : dx;
  ek_conv_backward_data(t, s, dy_tangent, weights, sum, false);
  ek_conv_backward_data(t, s, dy, weights_tangent, sum, true);
  if (!accumulate) return;
  ek_zip(t, EK_ADD, count, dx, sum, dx);
  ek_pool_give(sum, bytes);
}

// ---- Backward weight: a contraction over the batch ------------------------------------------------

// The taps of a convolution, divided by which pixels they see. Each part is a rectangle of taps that see the same
// pixels, with a plan over a whole group of samples and one over the last group if that has fewer samples.
typedef struct {
  ek_conv s;
  size_t count, tiles;  // parts, and the tiles of all parts per panel
  ek_part *parts;
  ek_plan *plans[2];
  size_t *row_bytes;
} taps;

typedef struct {
  const ek_leaf *leaf;
  ek_type t;
  const char *x, *dy;
  size_t group, elements;  // samples of a group, elements of its sum [kh kw ci][co]
  ek_conv s;
  taps set;                // of s, or of frames, where no tap lies outside
  size_t frame_bytes;      // 0: without frames
  bool segmented;
  size_t tiles_a_group;
} weight_job;

// The plan over the pixels ys.lo ..< ys.hi × xs.lo ..< xs.hi of `samples` samples: what tap (0, 0) reads.
static ek_plan pixels_plan(const ek_conv *s, size_t samples, span ys, span xs) {
  const size_t count = samples * (ys.hi - ys.lo), bytes = ek_max(count * sizeof(ek_run), 1);
  ek_run *runs = ek_scratch(bytes), *run = runs;
  for (size_t n = 0; n < samples; n++)
    for (size_t oy = ys.lo; oy < ys.hi; oy++) {
      const ptrdiff_t y = (ptrdiff_t)(oy * s->stride) - (ptrdiff_t)s->pad, x = (ptrdiff_t)(xs.lo * s->stride) - (ptrdiff_t)s->pad;
      *run++ = (ek_run){(((ptrdiff_t)(n * s->h) + y) * (ptrdiff_t)s->w + x) * (ptrdiff_t)s->ci,
                        (n * s->oh + oy) * s->ow + xs.lo, xs.hi - xs.lo};
    }
  ek_plan plan = ek_plan_make(samples * s->oh * s->ow, count, runs, (ptrdiff_t)(s->stride * s->ci));
  ek_pool_give(runs, bytes);
  return plan;
}

// The rows (tap, ci) of the taps from (ys.first, xs.first) on, in groups of neighbors, with the remaining rows of each
// line of taps.
static ek_rows taps_rows(const ek_conv *s, const ek_leaf *leaf, size_t vectors, span ys, span xs, size_t *bytes) {
  const size_t lines = ys.count, length = xs.count * s->ci, height = leaf->height;
  // Lines of nine rows fill a tile (3 input channels under 3 taps).
  const bool tall = length == 9 && lines == 3 && leaf->tall[vectors - 1] > 0;
  ek_rows r = {.count = tall ? 0 : lines * (length / height), .rest_height = tall ? 9 : length % height};
  r.rest_count = r.rest_height > 0 ? lines : 0;
  *bytes = ek_max((r.count + r.rest_count) * sizeof(ek_group), 1);
  r.groups = ek_scratch(*bytes);
  r.rests = r.groups + r.count;
  size_t used = 0;
  for (size_t y = 0; y < lines; y++) {
    const size_t from = ((ys.first + y) * s->w + xs.first) * s->ci, to = ((ys.first + y) * s->kw + xs.first) * s->ci;
    if (!tall)
      for (size_t i = 0; i + height <= length; i += height) r.groups[used++] = (ek_group){(ptrdiff_t)(from + i), (ptrdiff_t)((to + i) * s->co)};
    const size_t i = length - r.rest_height;
    if (r.rest_height > 0) r.rests[y] = (ek_group){(ptrdiff_t)(from + i), (ptrdiff_t)((to + i) * s->co)};
  }
  return r;
}

static taps taps_make(const weight_job *j, const ek_conv *s) {
  // Tap k of output pixel o is at k + at[o].
  const size_t at_bytes = (s->oh + s->ow) * sizeof(ptrdiff_t), span_bytes = (s->kh + s->kw) * sizeof(span);
  ptrdiff_t *at_y = ek_scratch(at_bytes), *at_x = at_y + s->oh;
  for (size_t oy = 0; oy < s->oh; oy++) at_y[oy] = (ptrdiff_t)(oy * s->stride) - (ptrdiff_t)s->pad;
  for (size_t ox = 0; ox < s->ow; ox++) at_x[ox] = (ptrdiff_t)(ox * s->stride) - (ptrdiff_t)s->pad;
  span *ys = ek_scratch(span_bytes), *xs = ys + s->kh;
  const size_t down = spans_of(s->kh, 1, s->h, s->oh, at_y, ys), across = spans_of(s->kw, 1, s->w, s->ow, at_x, xs);
  const size_t vectors = ek_panels_of(j->leaf, s->co).vectors;
  taps set = {.s = *s, .count = down * across};
  set.parts = ek_scratch(set.count * sizeof(ek_part));
  set.plans[0] = ek_scratch(2 * set.count * sizeof(ek_plan));
  set.plans[1] = set.plans[0] + set.count;
  set.row_bytes = ek_scratch(set.count * sizeof(size_t));
  for (size_t i = 0; i < set.count; i++) {
    const span y = ys[i / across], x = xs[i % across];
    set.plans[0][i] = pixels_plan(s, j->group, y, x);
    set.plans[1][i] = pixels_plan(s, s->n % j->group, y, x);
    set.parts[i].rows = taps_rows(s, j->leaf, vectors, y, x, &set.row_bytes[i]);
    set.parts[i].product = (ek_product){.leaf = j->leaf, .t = j->t, .rs = 1, .cs = (ptrdiff_t)(s->stride * s->ci), .columns = s->co, .ldo = s->co};
    set.tiles += ek_tiles(&set.parts[i].rows, j->leaf, vectors);
  }
  ek_pool_give(ys, span_bytes);
  ek_pool_give(at_y, at_bytes);
  return set;
}

static void taps_free(taps *set) {
  for (size_t i = 0; i < set->count; i++) {
    ek_plan_free(&set->plans[0][i]);
    ek_plan_free(&set->plans[1][i]);
    ek_pool_give(set->parts[i].rows.groups, set->row_bytes[i]);
  }
  ek_pool_give(set->row_bytes, set->count * sizeof(size_t));
  ek_pool_give(set->plans[0], 2 * set->count * sizeof(ek_plan));
  ek_pool_give(set->parts, set->count * sizeof(ek_part));
}

// Copies images [h][w][c] into frames of zeros, so that no tap lies outside.
static void frames_fill(ek_type t, const ek_conv *s, const ek_conv *frame, size_t samples, const char *x, char *to) {
  const size_t pixel = s->ci * ek_size(t), frame_line = frame->w * pixel;
  const size_t left = ek_min(s->pad, frame->w), across = ek_min(s->w, frame->w - left) * pixel;
  const size_t top = ek_min(s->pad, frame->h), down = across > 0 ? ek_min(s->h, frame->h - top) : 0;
  for (size_t n = 0; n < samples; n++) {
    // The zeros before the first line, between lines and after the last.
    char *past = to + n * frame->h * frame_line, *const end = past + frame->h * frame_line;
    for (size_t y = 0; y < down; y++) {
      char *line = to + (n * frame->h + top + y) * frame_line + left * pixel;
      memset(past, 0, (size_t)(line - past));
      memcpy(line, x + (n * s->h + y) * s->w * pixel, across);
      past = line + across;
    }
    memset(past, 0, (size_t)(end - past));
  }
}

// Whether no value is zero or NaN.
static bool are_certain(ek_type t, size_t count, const void *values) {
  const float *f = values;
  const double *d = values;
  int32_t doubtful_f = 0;  // as wide as the elements, so that vectors of them need no packing
  int64_t doubtful_d = 0;
  if (t == EK_F32)
    for (size_t i = 0; i < count; i++) doubtful_f |= !(__builtin_fabsf(f[i]) > 0);
  else
    for (size_t i = 0; i < count; i++) doubtful_d |= !(__builtin_fabs(d[i]) > 0);
  return doubtful_f == 0 && doubtful_d == 0;
}

static void weight_group(const void *context, size_t index, bool more, void *scratch, void *sums) {
  const weight_job *j = context;
  const ek_conv *s = &j->s;
  char *frames = scratch;
  ek_part *parts = (ek_part *)(frames + j->frame_bytes);
  const size_t size = ek_size(j->t), first = index * j->group, samples = ek_min(j->group, s->n - first);
  const size_t input = s->h * s->w * s->ci * size, output = s->oh * s->ow * s->co * size;
  const char *x = j->x + first * input;
  ek_panels b = ek_panels_make(j->leaf, j->t, samples * s->oh * s->ow, s->co, j->dy + first * output, s->co, 1);
  // The next group's samples, if this task takes that group.
  ek_ahead ahead = {0};
  const size_t next = first + samples, later = more ? ek_min(j->group, s->n - next) : 0;
  if (later > 0) {
    ahead.read[0] = (ek_stretch){j->x + next * input, j->x + (next + later) * input};
    ahead.read[1] = (ek_stretch){j->dy + next * output, j->dy + (next + later) * output};
    ahead.bytes = later * ek_max(input, output) / j->tiles_a_group + 64;
  }
  if (j->frame_bytes > 0) {
    frames_fill(j->t, s, &j->set.s, samples, x, frames);
    x = frames;
  }
  for (size_t i = 0; i < j->set.count; i++) {
    parts[i] = j->set.parts[i];
    parts[i].product.b = b;
    parts[i].product.plan = &j->set.plans[samples < j->group][i];
  }
  if (j->segmented) ek_multiply_segments(parts, j->set.count, x, sums, j->elements, &ahead);
  else
    for (size_t panel = 0; panel < b.count; panel++)
      for (size_t i = 0; i < j->set.count; i++) ek_multiply(&parts[i].product, &parts[i].rows, panel, x, sums, &ahead);
  ek_panels_free(&b);
}

// With the taps of `seen`: the job's convolution, or that of its frames.
static void weight_sums(weight_job *j, const ek_conv *seen, void *dweights) {
  const ek_panels panels = ek_panels_of(j->leaf, j->s.co);
  const size_t size = ek_size(j->t), pixels = j->s.oh * j->s.ow;
  j->set = taps_make(j, seen);
  // Whole cache lines, so that the following parts are aligned too.
  j->frame_bytes = seen == &j->s ? 0 : (j->group * seen->h * seen->w * seen->ci * size + 63) / 64 * 64;
  // A result that stays in the first-level cache can be processed once per segment (a twelfth faster at 16 → 16
  // channels).
  enum { SMALL_RESULT = 20 << 10 };
  j->segmented = j->elements * size <= SMALL_RESULT && j->s.co % panels.width == 0;
  const size_t segments = j->segmented ? ek_max(pixels * j->group / EK_SEGMENT, 1) : 1;
  j->tiles_a_group = ek_max(j->set.tiles * panels.count * segments, 1);
  ek_sum_groups(j->leaf, j->t, (j->s.n + j->group - 1) / j->group, j->elements, j->frame_bytes + j->set.count * sizeof(ek_part), weight_group,
                j, dweights);
  taps_free(&j->set);
}

void ek_conv_backward_weight(ek_type t, const ek_conv *s, const void *x, const void *dy, void *dweights) {
  const size_t elements = s->kh * s->kw * s->ci * s->co, size = ek_size(t);
  if (elements == 0) return;
  if (s->n * s->oh * s->ow == 0) {
    memset(dweights, 0, elements * size);
    return;
  }
  if (ek_conv_is_winograd(t, s)) {
    ek_winograd_backward_weight(s, x, dy, dweights);
    return;
  }
  weight_job j = {.leaf = ek_leaf_current(t), .t = t, .s = *s, .x = x, .dy = dy, .group = ek_group_samples(s->oh * s->ow), .elements = elements};
  // The few rows of one tap leave fma units idle, the rows of a line of taps do not: half as fast at 3 channels.
  enum { FRAMED_CHANNELS = 8 };
  if (s->ci <= FRAMED_CHANNELS && s->pad > 0) {
    ek_conv frame = *s;
    frame.h = (s->oh - 1) * s->stride + s->kh;
    frame.w = (s->ow - 1) * s->stride + s->kw;
    frame.pad = 0;
    weight_sums(&j, &frame, dweights);
    // A frame adds terms +0 · dy to a chain. Such a term can make the chain NaN, and therefore the sum, or turn −0 into
    // +0; after that the chain has the same value or is zero, and so is the sum. A sum that is neither NaN nor zero
    // therefore has the same bits as without such terms.
    if (are_certain(t, elements, dweights)) return;
  }
  weight_sums(&j, &j.s, dweights);
}
