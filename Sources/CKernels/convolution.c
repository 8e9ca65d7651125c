// The convolution triple (rules 1 to 3): no patches are copied out; tiles read zero-framed rows in place.
#include "batch_sum.h"
#include "contraction.h"
#include "winograd.h"
#include <string.h>

// Copies rows of `from` [h][w][c] into a frame of zeros: frame row y is picture row y - top.
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

// `lines` lines of `length` rows each as groups and a rest: a line starts from_line after the one before
// in A and to_line in the result, a row from_row and to_row after its neighbour.
static ek_rows rows_make(const ek_leaf *leaf, size_t vectors, size_t lines, size_t length, size_t from_line, size_t from_row, size_t to_line, size_t to_row,
                         size_t *bytes) {
  // Lines of nine rows of unit stride fill a tile of their own (3 input channels under 3 taps).
  const bool tall = length == 9 && lines == 3 && from_row == 1 && leaf->tall[vectors - 1] > 0;
  const size_t height = leaf->height;
  ek_rows r = {.count = tall ? 0 : lines * (length / height), .rest_height = tall ? 9 : length % height};
  r.rest_count = r.rest_height > 0 ? lines : 0;
  *bytes = ek_max((r.count + r.rest_count) * sizeof(ek_group), 1);
  r.groups = ek_scratch(*bytes);
  r.rests = r.groups + r.count;
  size_t used = 0;
  for (size_t y = 0; y < lines; y++) {
    if (!tall)
      for (size_t x = 0; x + height <= length; x += height)
        r.groups[used++] = (ek_group){(ptrdiff_t)(y * from_line + x * from_row), (ptrdiff_t)(y * to_line + x * to_row)};
    const size_t x = length - r.rest_height;
    if (r.rest_height > 0)
      r.rests[y] = (ek_group){(ptrdiff_t)(y * from_line + x * from_row), (ptrdiff_t)(y * to_line + x * to_row)};
  }
  return r;
}

// ---- Forward and backward data: pictures through taps -------------------------------------------

// One correlation of pictures with taps: of the whole output, or of one stride phase of it.
typedef struct {
  ek_product product;
  const char *x;
  char *y;
  size_t samples, samples_a_task;
  size_t h, w, c;            // of one sample of x
  size_t out_sample;         // elements of one sample of y
  size_t lines, band;        // output lines, and how many are made from one frame
  size_t line_to, row_to;    // elements between output lines and between neighbours in one
  size_t first_to;           // of the first output element
  size_t step;               // input lines between output lines
  size_t frame_w;
  ptrdiff_t top, left;       // where the sample's (0, 0) stands in the frame
  size_t reach;              // frame lines an output line reads
  bool framed;
  bool gaps;                 // between the outputs, of other stride phases
  size_t tiles_a_band;
  ek_rows rows;              // of a whole band
  ek_rows last;              // of the last band, if that is lower
} correlation;

static const char *stretch_end(const char *from, size_t bytes, const char *limit) {
  return from + ek_min(bytes, (size_t)(limit - from));
}

static void correlate_sample(const correlation *j, size_t n, char *frame, bool more) {
  const size_t size = ek_size(j->product.t), pixel = j->c * size, input = j->h * j->w * pixel;
  const char *sample = j->x + n * input;
  char *y = j->y + (n * j->out_sample + j->first_to) * size;
  for (size_t first = 0; first < j->lines; first += j->band) {
    const bool whole = first + j->band <= j->lines;
    const size_t lines = whole ? j->band : j->lines - first;
    const char *base = sample + first * j->step * j->w * pixel;
    // The next band's input lines and output lines, of this sample or the next.
    ek_ahead ahead = {0};
    const size_t past = (first + lines) * j->step, band_bytes = j->band * j->step * j->w * pixel;
    const size_t out_bytes = j->band * j->line_to * size;
    if (j->gaps) {
      // A stride phase: its neighbours have just brought the memory in.
    } else if (whole && first + lines < j->lines) {
      ahead.read[0].from = sample + ek_min(past, j->h) * j->w * pixel;
      ahead.written.from = y + (first + lines) * j->line_to * size;
    } else if (more) {
      ahead.read[0].from = sample + input;
      ahead.written.from = y + j->out_sample * size;
    }
    if (ahead.read[0].from) {
      ahead.read[0].end = stretch_end(ahead.read[0].from, band_bytes, j->x + j->samples * input);
      ahead.written.end = stretch_end(ahead.written.from, out_bytes, j->y + j->samples * j->out_sample * size);
      ahead.bytes = ek_max(band_bytes, out_bytes) / j->tiles_a_band + 64;
    }
    if (j->framed) {
      frame_fill(j->product.t, j->h, j->w, j->c, sample, (lines - 1) * j->step + j->reach, j->frame_w,
                 j->top - (ptrdiff_t)(first * j->step), j->left, frame);
      base = frame;
    }
    char *target = y + first * j->line_to * size;
    const ek_rows *rows = whole ? &j->rows : &j->last;
    for (size_t panel = 0; panel < j->product.b.count; panel++)
      ek_multiply(&j->product, rows, panel, base, target, &ahead);
  }
}

enum { SAMPLES_A_TASK = 4 };  // neighbours, so that a thread can fetch its next sample ahead

static void correlation_task(void *context, size_t index) {
  const correlation *j = context;
  const size_t most_lines = (j->band - 1) * j->step + j->reach;
  const size_t bytes = ek_max(most_lines * j->frame_w * j->c * ek_size(j->product.t), 1);
  char *frame = j->framed ? ek_scratch(bytes) : NULL;
  const size_t first = index * j->samples_a_task, last = ek_min(first + j->samples_a_task, j->samples);
  for (size_t n = first; n < last; n++) correlate_sample(j, n, frame, n + 1 < last);
  if (frame) ek_pool_give(frame, bytes);
}

// Runs the correlation over n samples; `length` outputs a line, `row_from` input elements apart.
static void correlate(correlation *j, size_t n, size_t length, size_t row_from) {
  // A band's frame stays in the first cache, beside a panel.
  enum { BAND_PIXELS = 256 };
  j->band = ek_min(ek_max(BAND_PIXELS / length, 1), j->lines);
  j->gaps = j->row_to != j->product.columns || j->line_to != length * j->row_to;
  const size_t from_line = j->step * (j->framed ? j->frame_w : j->w) * j->c;
  const ek_leaf *leaf = j->product.leaf;
  const size_t vectors = j->product.b.vectors;
  size_t bytes, last_bytes;
  j->rows = rows_make(leaf, vectors, j->band, length, from_line, row_from, j->line_to, j->row_to, &bytes);
  j->last = rows_make(leaf, vectors, j->lines % j->band, length, from_line, row_from, j->line_to, j->row_to, &last_bytes);
  j->product.rs = (ptrdiff_t)row_from;
  j->product.cs = 1;
  j->product.ldo = j->row_to;
  j->tiles_a_band = ek_max(ek_tiles(&j->rows, leaf, vectors) * j->product.b.count, 1);
  j->samples = n;
  // Fewer where that leaves threads without work.
  j->samples_a_task = ek_max(ek_min(SAMPLES_A_TASK, n / (4 * (size_t)ek_threads_current())), 1);
  ek_parallel((n + j->samples_a_task - 1) / j->samples_a_task, correlation_task, j);
  ek_pool_give(j->rows.groups, bytes);
  ek_pool_give(j->last.groups, last_bytes);
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
  correlation j = {.x = x, .y = y, .h = s->h, .w = s->w, .c = s->ci, .out_sample = s->oh * s->ow * s->co,
                   .lines = s->oh, .line_to = s->ow * s->co, .row_to = s->co, .step = s->stride,
                   .frame_w = ek_max((s->ow - 1) * s->stride + s->kw, 1), .top = (ptrdiff_t)s->pad,
                   .left = (ptrdiff_t)s->pad, .reach = s->kh, .framed = s->pad > 0};
  const size_t row = (j.framed ? j.frame_w : s->w) * s->ci, table = ek_max(s->kh * sizeof(ptrdiff_t), 1);
  ptrdiff_t *offsets = ek_scratch(table);
  for (size_t kh = 0; kh < s->kh; kh++) offsets[kh] = (ptrdiff_t)(kh * row);
  ek_plan plan = ek_plan_make(s->kh, s->kw * s->ci, offsets, 1);
  ek_pool_give(offsets, table);
  j.product = (ek_product){.leaf = ek_leaf_current(t), .t = t, .plan = &plan, .columns = s->co,
                           .accumulate = accumulate};
  j.product.b = ek_panels_make(j.product.leaf, t, k, s->co, weights, s->co, 1);
  correlate(&j, s->n, s->ow, s->stride * s->ci);
  ek_panels_free(&j.product.b);
  ek_plan_free(&plan);
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
  const size_t offset_bytes = ek_max(taps * sizeof(ptrdiff_t), 1);
  const size_t list_bytes = ek_max((s->kh + s->kw) * (sizeof(size_t) + sizeof(ptrdiff_t)), 1);
  char *packed = ek_scratch(packed_bytes);
  ptrdiff_t *offsets = ek_scratch(offset_bytes);
  size_t *tap_y = ek_scratch(list_bytes), *tap_x = tap_y + s->kh;
  ptrdiff_t *first_y = (ptrdiff_t *)(tap_x + s->kw), *first_x = first_y + s->kh;
  for (size_t phase_y = 0; phase_y < ek_min(s->stride, s->h); phase_y++)
    for (size_t phase_x = 0; phase_x < ek_min(s->stride, s->w); phase_x++) {
      size_t ny = phase_taps(phase_y, s->kh, s->stride, s->pad, tap_y, first_y);
      size_t nx = phase_taps(phase_x, s->kw, s->stride, s->pad, tap_x, first_x);
      const size_t length = (s->w - phase_x + s->stride - 1) / s->stride;
      correlation j = {.x = dy, .y = dx, .h = s->oh, .w = s->ow, .c = s->co, .out_sample = s->h * s->w * s->ci,
                       .lines = (s->h - phase_y + s->stride - 1) / s->stride, .line_to = s->stride * s->w * s->ci,
                       .row_to = s->stride * s->ci, .first_to = (phase_y * s->w + phase_x) * s->ci, .step = 1,
                       .framed = true};
      // first_ decreases with the tap: the last tap reads the frame's first line.
      if (ny > 0 && nx > 0) {
        j.top = -first_y[ny - 1];
        j.left = -first_x[nx - 1];
        j.reach = (size_t)(first_y[0] - first_y[ny - 1]) + 1;
        j.frame_w = (size_t)(first_x[0] - first_x[nx - 1]) + length;
      }
      size_t used = 0;
      for (size_t a = 0; a < ny; a++)
        for (size_t c = 0; c < nx; c++)
          offsets[used++] =
              ((first_y[a] + j.top) * (ptrdiff_t)j.frame_w + first_x[c] + j.left) * (ptrdiff_t)s->co;
      // Panels of the weights with (tap, co) as rows and ci as columns.
      for (size_t panel = 0; panel < b.count; panel++)
        for (size_t tap = 0; tap < used; tap++)
          ek_pack(leaf, t, s->co, ek_min(b.width, s->ci - panel * b.width), b.width,
                  (const char *)weights +
                      ((tap_y[tap / nx] * s->kw + tap_x[tap % nx]) * s->ci + panel * b.width) * s->co * size,
                  1, s->co, packed + (panel * used + tap) * s->co * b.width * size);
      ek_plan plan = ek_plan_make(used, s->co, offsets, 1);
      b.data = packed;
      b.stride = used * s->co * b.width;
      j.product = (ek_product){.leaf = leaf, .t = t, .plan = &plan, .b = b, .columns = s->ci,
                               .accumulate = accumulate};
      correlate(&j, s->n, length, s->co);
      ek_plan_free(&plan);
    }
  ek_pool_give(tap_y, list_bytes);
  ek_pool_give(offsets, offset_bytes);
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
                                   const void *weights_tangent, void *dx) {
  if (ek_conv_is_winograd(t, s)) {
    ek_winograd_forward(s, true, 2, (const float *const[]){dy_tangent, dy}, (const float *const[]){weights, weights_tangent}, dx, false);
    return;
  }
  ek_conv_backward_data(t, s, dy_tangent, weights, dx, false);
  ek_conv_backward_data(t, s, dy, weights_tangent, dx, true);
}

// ---- Backward weight: a contraction over the batch ------------------------------------------------

typedef struct {
  const ek_leaf *leaf;
  ek_type t;
  ek_conv s;
  const char *x, *dy;
  size_t group, count;  // samples of a group, elements of its sum [kh kw ci][co]
  size_t frame_h, frame_w, frame_bytes;
  bool segmented;
  size_t tiles_a_group;
  ek_rows rows;
} weight_job;

static void weight_group(const void *context, size_t index, bool more, void *scratch, void *sums) {
  const weight_job *j = context;
  const ek_conv *s = &j->s;
  char *frames = scratch;
  ptrdiff_t *offsets = (ptrdiff_t *)(frames + j->frame_bytes);
  const size_t size = ek_size(j->t), first = index * j->group, samples = ek_min(j->group, s->n - first);
  const size_t frame = j->frame_h * j->frame_w * s->ci, pixels = samples * s->oh * s->ow;
  const bool framed = s->pad > 0;
  const char *base = j->x + first * s->h * s->w * s->ci * size;
  if (framed) {
    for (size_t n = 0; n < samples; n++)
      frame_fill(j->t, s->h, s->w, s->ci, base + n * s->h * s->w * s->ci * size, j->frame_h, j->frame_w,
                 (ptrdiff_t)s->pad, (ptrdiff_t)s->pad, frames + n * frame * size);
    base = frames;
  }
  const size_t row = (framed ? j->frame_w : s->w) * s->ci, sample = framed ? frame : s->h * s->w * s->ci;
  for (size_t n = 0; n < samples; n++)
    for (size_t oy = 0; oy < s->oh; oy++) offsets[n * s->oh + oy] = (ptrdiff_t)(n * sample + oy * s->stride * row);
  ek_plan plan = ek_plan_make(samples * s->oh, s->ow, offsets, (ptrdiff_t)(s->stride * s->ci));
  ek_product p = {.leaf = j->leaf, .t = j->t, .plan = &plan, .rs = 1, .cs = (ptrdiff_t)(s->stride * s->ci),
                  .columns = s->co, .ldo = s->co};
  p.b = ek_panels_make(j->leaf, j->t, pixels, s->co, j->dy + first * s->oh * s->ow * s->co * size, s->co, 1);
  // The next group's samples, if this task takes it.
  ek_ahead ahead = {0};
  const size_t next = first + samples, later = more ? ek_min(j->group, s->n - next) : 0;
  if (later > 0) {
    const size_t input = s->h * s->w * s->ci * size, output = s->oh * s->ow * s->co * size;
    ahead.read[0] = (ek_stretch){j->x + next * input, j->x + (next + later) * input};
    ahead.read[1] = (ek_stretch){j->dy + next * output, j->dy + (next + later) * output};
    ahead.bytes = later * ek_max(input, output) / j->tiles_a_group + 64;
  }
  if (j->segmented) ek_multiply_segments(&p, &j->rows, base, sums, j->count, &ahead);
  else
    for (size_t panel = 0; panel < p.b.count; panel++) ek_multiply(&p, &j->rows, panel, base, sums, &ahead);
  ek_panels_free(&p.b);
  ek_plan_free(&plan);
}

void ek_conv_backward_weight(ek_type t, const ek_conv *s, const void *x, const void *dy, void *dweights) {
  const size_t count = s->kh * s->kw * s->ci * s->co, size = ek_size(t);
  if (count == 0) return;
  if (s->n * s->oh * s->ow == 0) {
    memset(dweights, 0, count * size);
    return;
  }
  if (ek_conv_is_winograd(t, s)) {
    ek_winograd_backward_weight(s, x, dy, dweights);
    return;
  }
  weight_job j = {.leaf = ek_leaf_current(t), .t = t, .s = *s, .x = x, .dy = dy, .count = count};
  j.group = ek_group_samples(s->oh * s->ow);
  j.frame_h = ek_max((s->oh - 1) * s->stride + s->kh, 1);
  j.frame_w = ek_max((s->ow - 1) * s->stride + s->kw, 1);
  const size_t line = (s->pad > 0 ? j.frame_w : s->w) * s->ci;
  size_t row_bytes;
  j.rows = rows_make(j.leaf, ek_panels_of(j.leaf, s->co).vectors, s->kh, s->kw * s->ci, line, 1, s->kw * s->ci * s->co, s->co, &row_bytes);
  const ek_panels panels = ek_panels_of(j.leaf, s->co);
  // A result that stays in the first cache can be gone over once a segment (a twelfth faster at 16 → 16 channels).
  enum { SMALL_RESULT = 20 << 10 };
  j.segmented = count * size <= SMALL_RESULT && s->co % panels.width == 0;
  const size_t segments = j.segmented ? ek_max(s->oh * s->ow * j.group / EK_SEGMENT, 1) : 1;
  j.tiles_a_group = ek_max(ek_tiles(&j.rows, j.leaf, panels.vectors) * panels.count * segments, 1);
  // Whole cache lines, after which the offsets are aligned too.
  j.frame_bytes = s->pad > 0 ? (j.group * j.frame_h * j.frame_w * s->ci * size + 63) / 64 * 64 : 0;
  ek_sum_groups(j.leaf, t, (s->n + j.group - 1) / j.group, count, j.frame_bytes + j.group * s->oh * sizeof(ptrdiff_t),
                weight_group, &j, dweights);
  ek_pool_give(j.rows.groups, row_bytes);
}
