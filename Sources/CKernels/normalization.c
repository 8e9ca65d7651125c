// Fused batch normalization: rows are passed to the leaves in spans, backward passes in the batch's groups.
#include "batch_sum.h"

enum { SPAN = 16384, PERIOD = 256 };  // elements per task, and least length of a repeated channel array

// Arrays of one value per channel, repeated to `period` elements.
enum { MOST_LAID = 7 };
typedef struct {
  size_t period, size, channels;
  char *memory;
  size_t bytes, used;
} laid_out;

static laid_out lay_out(ek_type t, size_t channels) {
  laid_out l = {.size = ek_size(t), .channels = channels};
  l.period = ek_max(1, PERIOD / channels) * channels;
  l.bytes = MOST_LAID * l.period * l.size;
  l.memory = ek_scratch(l.bytes);
  return l;
}

static const void *lay(laid_out *l, const void *values) {
  char *to = l->memory + l->used++ * l->period * l->size;
  const size_t row = l->channels * l->size;
  for (size_t at = 0; at < l->period * l->size; at += row) __builtin_memcpy(to + at, values, row);
  return to;
}

static ek_normalization lay_normalization(laid_out *l, const ek_normalization *norm) {
  return (ek_normalization){lay(l, norm->mean), lay(l, norm->inverse), lay(l, norm->gain), lay(l, norm->shift)};
}

typedef struct {
  const ek_leaf *leaf;
  size_t size, count, span;  // elements in all, and of a task: whole periods
  size_t period;
  ek_normalization laid;
  const char *x, *xt, *g, *y, *r, *rt;
  const void *a, *b, *c;
  ek_rectifier rectifier;
  char *out, *out_tangent;
} normalize_job;

static void run(normalize_job *j, ek_type t, size_t rows, size_t channels, ek_task task) {
  j->leaf = ek_leaf_current(t);
  j->size = ek_size(t);
  j->count = rows * channels;
  j->span = ek_max(1, SPAN / j->period) * j->period;
  ek_parallel((j->count + j->span - 1) / j->span, task, j);
}

#define NORMALIZE_TASK(name, call) \
  static void name(void *context, size_t index) { \
    const normalize_job *j = context; \
    const size_t first = index * j->span, n = ek_min(j->span, j->count - first), at = first * j->size; \
    call; \
  }
#define FROM(array) ((array) ? (array) + at : NULL)
NORMALIZE_TASK(normalize_task,
               j->leaf->normalize(n, j->period, j->x + at, &j->laid, FROM(j->r), j->rectifier != EK_LINEAR, j->out + at))
NORMALIZE_TASK(dual_task, j->leaf->normalize_dual(n, j->period, j->x + at, j->xt + at, &j->laid, j->a, j->b, FROM(j->r),
                                                  FROM(j->rt), j->rectifier != EK_LINEAR, j->out + at, j->out_tangent + at))
NORMALIZE_TASK(input_task, j->leaf->normalize_gradient_input(n, j->period, j->g + at, j->rectifier, j->x + at, FROM(j->y),
                                                             &j->laid, j->a, j->b, j->c, j->out + at))

void ek_normalize(ek_type t, size_t rows, size_t channels, const void *x, const ek_normalization *norm,
                  const void *residual, bool rectified, void *y) {
  if (rows * channels == 0) return;
  laid_out l = lay_out(t, channels);
  normalize_job j = {.period = l.period, .laid = lay_normalization(&l, norm), .x = x, .r = residual, .out = y,
                     .rectifier = rectified ? EK_RECTIFIED_OUTPUT : EK_LINEAR};
  run(&j, t, rows, channels, normalize_task);
  ek_pool_give(l.memory, l.bytes);
}

void ek_normalize_dual(ek_type t, size_t rows, size_t channels, const void *x, const void *x_tangent,
                       const ek_normalization *norm, const void *gain_tangent, const void *shift_tangent,
                       const void *residual, const void *residual_tangent, bool rectified, void *y, void *y_tangent) {
  if (rows * channels == 0) return;
  laid_out l = lay_out(t, channels);
  normalize_job j = {.period = l.period, .laid = lay_normalization(&l, norm), .x = x, .xt = x_tangent, .r = residual,
                     .rt = residual_tangent, .rectifier = rectified ? EK_RECTIFIED_OUTPUT : EK_LINEAR, .out = y,
                     .out_tangent = y_tangent};
  j.a = lay(&l, gain_tangent);
  j.b = lay(&l, shift_tangent);
  run(&j, t, rows, channels, dual_task);
  ek_pool_give(l.memory, l.bytes);
}

void ek_normalize_gradient_input(ek_type t, size_t rows, size_t channels, const void *g, ek_rectifier rectifier,
                                 const void *x, const void *y, const ek_normalization *norm, const void *along1,
                                 const void *along_output, const void *scale, void *dx) {
  if (rows * channels == 0) return;
  laid_out l = lay_out(t, channels);
  normalize_job j = {.period = l.period, .laid = lay_normalization(&l, norm), .x = x, .g = g, .y = y,
                     .rectifier = rectifier, .out = dx};
  j.a = lay(&l, along1);
  j.b = lay(&l, along_output);
  j.c = lay(&l, scale);
  run(&j, t, rows, channels, input_task);
  ek_pool_give(l.memory, l.bytes);
}

// ---- The backward pass that sums ----------------------------------------------------------------

typedef struct {
  const ek_leaf *leaf;
  size_t size, channels;
  const ek_normalization *norm;
  const ek_normalize_pass *pass;
} gradient_job;

static void gradient_chain(const void *context, size_t first, size_t pixels, double *sums) {
  const gradient_job *j = context;
  const size_t at = first * j->channels * j->size;
  ek_normalize_pass p = *j->pass;
  const void **inputs[] = {&p.g, &p.g_tangent, &p.x, &p.x_tangent, &p.y};
  void **outputs[] = {&p.masked, &p.masked_tangent, &p.dx, &p.dx_tangent};
  for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++)
    if (*inputs[i]) *inputs[i] = (const char *)*inputs[i] + at;
  for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++)
    if (*outputs[i]) *outputs[i] = (char *)*outputs[i] + at;
  p.sums = sums;
  p.dots = sums + j->channels;
  p.cross = sums + 2 * j->channels;
  j->leaf->normalize_gradient(pixels, j->channels, j->norm, &p);
}

void ek_normalize_gradient(ek_type t, size_t n, size_t pixels, size_t channels, const ek_normalization *norm,
                           const ek_normalize_pass *pass) {
  gradient_job j = {.leaf = ek_leaf_current(t), .size = ek_size(t), .channels = channels, .norm = norm, .pass = pass};
  const size_t kinds = pass->g_tangent ? 3 : 2, bytes = ek_max(kinds * channels * sizeof(double), 1);
  double *all = ek_scratch(bytes);
  ek_batch_sum(n, pixels, kinds * channels, gradient_chain, &j, all);
  __builtin_memcpy(pass->sums, all, channels * sizeof(double));
  __builtin_memcpy(pass->dots, all + channels, channels * sizeof(double));
  if (pass->g_tangent) __builtin_memcpy(pass->cross, all + 2 * channels, channels * sizeof(double));
  ek_pool_give(all, bytes);
}
