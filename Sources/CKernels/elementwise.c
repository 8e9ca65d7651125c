// Elementwise functions and optimizer updates: spans of an array are passed to the leaves.
#include "machine.h"

enum { SPAN = 16384 };  // elements per task; below two spans no task is forked

typedef struct {
  const ek_leaf *leaf;
  size_t count, size;
  int op;
  double s, s2, s3;
  bool flag;
  const char *x, *y;
  char *z, *w;
} span_job;

static void each_span(span_job *j, ek_task task) {
  ek_parallel((j->count + SPAN - 1) / SPAN, task, j);
}

#define SPAN_TASK(name, call) \
  static void name(void *context, size_t index) { \
    const span_job *j = context; \
    const size_t first = index * SPAN, n = ek_min(SPAN, j->count - first), at = first * j->size; \
    (void)at; \
    call; \
  }
SPAN_TASK(map_task, j->leaf->map((ek_unary)j->op, n, j->x + at, j->z + at))
SPAN_TASK(zip_task, j->leaf->zip((ek_binary)j->op, n, j->x + at, j->y + at, j->z + at))
SPAN_TASK(zip_scalar_task, j->leaf->zip_scalar((ek_binary)j->op, n, j->x + at, j->s, j->z + at))
SPAN_TASK(axpy_task, j->leaf->axpy(n, j->s, j->x + at, j->z + at))
SPAN_TASK(add_scaled_task, j->leaf->add_scaled(n, j->x + at, j->s, j->y + at, j->z + at))
SPAN_TASK(sgd_task, j->leaf->sgd(n, j->s, j->s2, j->s3, j->flag, j->x + at, j->z + at, j->w + at))

void ek_map(ek_type t, ek_unary op, size_t count, const void *x, void *y) {
  span_job j = {.leaf = ek_leaf_current(t), .count = count, .size = ek_size(t), .op = op, .x = x, .z = y};
  each_span(&j, map_task);
}

void ek_zip(ek_type t, ek_binary op, size_t count, const void *x, const void *y, void *z) {
  span_job j = {.leaf = ek_leaf_current(t), .count = count, .size = ek_size(t), .op = op, .x = x, .y = y, .z = z};
  each_span(&j, zip_task);
}

void ek_zip_scalar(ek_type t, ek_binary op, size_t count, const void *x, double s, void *z) {
  span_job j = {.leaf = ek_leaf_current(t), .count = count, .size = ek_size(t), .op = op, .s = s, .x = x, .z = z};
  each_span(&j, zip_scalar_task);
}

void ek_axpy(ek_type t, size_t count, double s, const void *x, void *y) {
  span_job j = {.leaf = ek_leaf_current(t), .count = count, .size = ek_size(t), .s = s, .x = x, .z = y};
  each_span(&j, axpy_task);
}

void ek_add_scaled(ek_type t, size_t count, const void *w, double s, const void *g, void *y) {
  span_job j = {.leaf = ek_leaf_current(t), .count = count, .size = ek_size(t), .s = s, .x = w, .y = g, .z = y};
  each_span(&j, add_scaled_task);
}

void ek_sgd_step(ek_type t, size_t count, double lr, double momentum, double weight_decay, bool first, const void *g,
                 void *b, void *w) {
  span_job j = {.leaf = ek_leaf_current(t), .count = count, .size = ek_size(t), .s = lr, .s2 = momentum,
                .s3 = weight_decay, .flag = first, .x = g, .z = b, .w = w};
  each_span(&j, sgd_task);
}

// ---- Broadcasts ---------------------------------------------------------------------------------

typedef struct {
  const ek_leaf *leaf;
  ek_binary op;
  size_t rows, columns, size, rows_a_task;
  bool one_per_row;
  bool single;
  const char *x, *v;
  char *z;
} broadcast_job;

// A vector with fewer entries than this is repeated, so that the leaf's loop is long.
enum { LONG_ROW = 256 };

static void broadcast_task(void *context, size_t index) {
  const broadcast_job *j = context;
  const size_t first = index * j->rows_a_task, rows = ek_min(j->rows_a_task, j->rows - first);
  const size_t row = j->columns * j->size;
  if (j->one_per_row) {
    for (size_t r = first; r < first + rows; r++) {
      double s = j->single ? (double)((const float *)j->v)[r] : ((const double *)j->v)[r];
      j->leaf->zip_scalar(j->op, j->columns, j->x + r * row, s, j->z + r * row);
    }
    return;
  }
  size_t repeats = ek_max(1, LONG_ROW / j->columns);
  if (repeats == 1 || rows < repeats) {
    for (size_t r = first; r < first + rows; r++) j->leaf->zip(j->op, j->columns, j->x + r * row, j->v, j->z + r * row);
    return;
  }
  _Alignas(64) char tiled[LONG_ROW * sizeof(double)];
  for (size_t i = 0; i < repeats; i++) __builtin_memcpy(tiled + i * row, j->v, row);
  size_t r = first;
  for (; r + repeats <= first + rows; r += repeats)
    j->leaf->zip(j->op, repeats * j->columns, j->x + r * row, tiled, j->z + r * row);
  for (; r < first + rows; r++) j->leaf->zip(j->op, j->columns, j->x + r * row, j->v, j->z + r * row);
}

static void broadcast(ek_type t, ek_binary op, size_t rows, size_t columns, bool one_per_row, const void *x,
                      const void *v, void *z) {
  if (rows * columns == 0) return;
  broadcast_job j = {.leaf = ek_leaf_current(t), .op = op, .rows = rows, .columns = columns, .size = ek_size(t),
                     .rows_a_task = ek_max(1, SPAN / columns), .one_per_row = one_per_row, .single = t == EK_F32,
                     .x = x, .v = v, .z = z};
  ek_parallel((rows + j.rows_a_task - 1) / j.rows_a_task, broadcast_task, &j);
}

void ek_zip_channels(ek_type t, ek_binary op, size_t rows, size_t channels, const void *x, const void *v, void *z) {
  broadcast(t, op, rows, channels, false, x, v, z);
}

void ek_zip_rows(ek_type t, ek_binary op, size_t rows, size_t columns, const void *x, const void *v, void *z) {
  broadcast(t, op, rows, columns, true, x, v, z);
}

// ---- Filling and converting ---------------------------------------------------------------------

void ek_fill(ek_type t, size_t count, double value, void *y) {
  if (t == EK_F32) {
    float *to = y;
    uint64_t mode = ek_float_mode_enter();
    __asm__ volatile("" : "+m"(value));  // keeps the rounding after the change of mode
    for (size_t i = 0; i < count; i++) to[i] = (float)value;
    ek_float_mode_restore(mode);
  } else {
    double *to = y;
    for (size_t i = 0; i < count; i++) to[i] = value;
  }
}

void ek_convert(ek_type from, ek_type to, size_t count, const void *x, void *y) {
  uint64_t mode = ek_float_mode_enter();
  if (from == to) __builtin_memmove(y, x, count * ek_size(from));
  else if (from == EK_F32)
    for (size_t i = 0; i < count; i++) ((double *)y)[i] = (double)((const float *)x)[i];
  else
    for (size_t i = 0; i < count; i++) ((float *)y)[i] = (float)((const double *)x)[i];
  ek_float_mode_restore(mode);
}

static double scalar_map(ek_unary op, double x) {
  uint64_t mode = ek_float_mode_enter();
  double y;
  ek_leaf_current(EK_F64)->map(op, 1, &x, &y);
  ek_float_mode_restore(mode);
  return y;
}

double ek_exp(double x) { return scalar_map(EK_EXP, x); }
double ek_log(double x) { return scalar_map(EK_LOG, x); }
double ek_tanh(double x) { return scalar_map(EK_TANH, x); }

// cos(πx), exact at multiples of 1/2. The remainder of x by 2 is exact, and so are 1 - r and 1/2 - r where they are
// used, so only the product with π and the polynomial round. The polynomial is Taylor's, truncated below 2⁻⁵⁷; each
// step is a product and a sum.
double ek_cospi(double x) {
  static const double pi = 0x1.921fb54442d18p+1;
  if (!(x - x == 0)) return x - x;
  uint64_t mode = ek_float_mode_enter();
  double r = __builtin_elementwise_abs(x);
  // Every double from 2^53 on is an even integer.
  r = r < 0x1p53 ? r - 2 * (double)(int64_t)(r / 2) : 0;
  if (r > 1) r = 2 - r;
  double sign = 1;
  if (r > 0.5) sign = -1, r = 1 - r;
  double y;
  if (r <= 0.25) {
    double s = pi * r, z = s * s, p = -1.0 / 6402373705728000;
    p = p * z + 1.0 / 20922789888000, p = p * z - 1.0 / 87178291200, p = p * z + 1.0 / 479001600;
    p = p * z - 1.0 / 3628800, p = p * z + 1.0 / 40320, p = p * z - 1.0 / 720, p = p * z + 1.0 / 24;
    y = 1 - z * (0.5 - z * p);
  } else {
    double s = pi * (0.5 - r), z = s * s, p = 1.0 / 355687428096000;
    p = p * z - 1.0 / 1307674368000, p = p * z + 1.0 / 6227020800, p = p * z - 1.0 / 39916800;
    p = p * z + 1.0 / 362880, p = p * z - 1.0 / 5040, p = p * z + 1.0 / 120, p = p * z - 1.0 / 6;
    y = s + s * z * p;
  }
  ek_float_mode_restore(mode);
  return sign * y;
}

// Sign, then 5 bits of exponent with a bias of 15, then 10 of fraction; a float has 8 with a bias of 127, and 23.
static uint32_t widened(uint16_t half) {
  const uint32_t sign = (uint32_t)(half & 0x8000) << 16;
  const uint32_t exponent = (half >> 10) & 0x1f;
  uint32_t fraction = half & 0x3ff;
  if (exponent == 0x1f) return sign | 0x7f800000 | fraction << 13;
  if (exponent != 0) return sign | (exponent + 112) << 23 | fraction << 13;
  if (fraction == 0) return sign;
  // A subnormal number is a normal float: its first bit moves to the implicit place.
  uint32_t shift = 0;
  while (!(fraction & 0x400)) {
    fraction <<= 1;
    shift++;
  }
  return sign | (113 - shift) << 23 | (fraction & 0x3ff) << 13;
}

void ek_widen(ek_half format, size_t count, const uint16_t *x, float *y) {
  for (size_t i = 0; i < count; i++) {
    const uint32_t bits = format == EK_BFLOAT16 ? (uint32_t)x[i] << 16 : widened(x[i]);
    __builtin_memcpy(y + i, &bits, sizeof bits);
  }
}
