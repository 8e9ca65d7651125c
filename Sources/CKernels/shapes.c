// Pooling, the option-A shortcut, gathers and transposes.
#include "machine.h"
#include <string.h>

typedef struct {
  const ek_leaf *leaf;
  ek_type t;
  size_t size, pixels, channels;
  const char *x;
  char *y;
} pool_job;

static void pool_task(void *context, size_t n) {
  const pool_job *j = context;
  j->leaf->pool_mean(j->pixels, j->channels, j->x + n * j->pixels * j->channels * j->size,
                     j->y + n * j->channels * j->size);
}

void ek_pool_mean(ek_type t, size_t n, size_t pixels, size_t channels, const void *x, void *y) {
  pool_job j = {ek_leaf_current(t), t, ek_size(t), pixels, channels, x, y};
  ek_parallel(n, pool_task, &j);
}

static void pool_adjoint_task(void *context, size_t n) {
  const pool_job *j = context;
  const size_t row = j->channels * j->size;
  char *to = j->y + n * j->pixels * row;
  if (j->pixels == 0) return;
  j->leaf->zip_scalar(EK_DIV, j->channels, j->x + n * row, (double)j->pixels, to);
  for (size_t p = 1; p < j->pixels; p++) memcpy(to + p * row, to, row);
}

void ek_pool_mean_adjoint(ek_type t, size_t n, size_t pixels, size_t channels, const void *dy, void *dx) {
  pool_job j = {ek_leaf_current(t), t, ek_size(t), pixels, channels, dy, dx};
  ek_parallel(n, pool_adjoint_task, &j);
}

void ek_shortcut(ek_type t, size_t n, size_t h, size_t w, size_t ci, size_t co, size_t stride, size_t before,
                 const void *x, void *y) {
  const size_t size = ek_size(t), oh = (h + stride - 1) / stride, ow = (w + stride - 1) / stride;
  memset(y, 0, n * oh * ow * co * size);
  for (size_t i = 0; i < n; i++)
    for (size_t r = 0; r < oh; r++)
      for (size_t c = 0; c < ow; c++)
        memcpy((char *)y + (((i * oh + r) * ow + c) * co + before) * size,
               (const char *)x + ((i * h + r * stride) * w + c * stride) * ci * size, ci * size);
}

void ek_shortcut_adjoint(ek_type t, size_t n, size_t h, size_t w, size_t ci, size_t co, size_t stride, size_t before,
                         const void *dy, void *dx) {
  const size_t size = ek_size(t), oh = (h + stride - 1) / stride, ow = (w + stride - 1) / stride;
  memset(dx, 0, n * h * w * ci * size);
  for (size_t i = 0; i < n; i++)
    for (size_t r = 0; r < oh; r++)
      for (size_t c = 0; c < ow; c++)
        memcpy((char *)dx + ((i * h + r * stride) * w + c * stride) * ci * size,
               (const char *)dy + (((i * oh + r) * ow + c) * co + before) * size, ci * size);
}

void ek_flip(ek_type t, size_t rows, size_t width, size_t channels, const void *x, void *y) {
  const size_t pixel = channels * ek_size(t);
  for (size_t r = 0; r < rows; r++)
    for (size_t c = 0; c < width; c++)
      memcpy((char *)y + (r * width + c) * pixel, (const char *)x + (r * width + width - 1 - c) * pixel, pixel);
}

void ek_gather_columns(ek_type t, size_t rows, size_t columns, const void *x, const int64_t *index, void *y) {
  const size_t size = ek_size(t);
  for (size_t r = 0; r < rows; r++)
    memcpy((char *)y + r * size, (const char *)x + (r * columns + (size_t)index[r]) * size, size);
}

void ek_scatter_columns(ek_type t, size_t rows, size_t columns, const void *v, const int64_t *index, void *y) {
  const size_t size = ek_size(t);
  memset(y, 0, rows * columns * size);
  for (size_t r = 0; r < rows; r++)
    memcpy((char *)y + (r * columns + (size_t)index[r]) * size, (const char *)v + r * size, size);
}

void ek_transpose(ek_type t, size_t rows, size_t columns, const void *x, void *y) {
  if (t == EK_F32) {
    const uint32_t *from = x;
    uint32_t *to = y;
    for (size_t r = 0; r < rows; r++)
      for (size_t c = 0; c < columns; c++) to[c * rows + r] = from[r * columns + c];
  } else {
    const uint64_t *from = x;
    uint64_t *to = y;
    for (size_t r = 0; r < rows; r++)
      for (size_t c = 0; c < columns; c++) to[c * rows + r] = from[r * columns + c];
  }
}
