// Runs every kernel over seeded inputs and prints one 64-bit FNV-1a hash of the output bits per kernel
// and instruction set. Two machines agree when their lines, less the name of the set, are equal.
//
// Inputs hold denormals and zeros of both signs, no NaN: a NaN's payload is outside the contract.
#include "CImages.h"
#include "CKernels.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state;

static uint64_t next(void) {  // SplitMix64
  uint64_t z = state += 0x9E3779B97F4A7C15u;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
  z = (z ^ z >> 27) * 0x94D049BB133111EBu;
  return z ^ z >> 31;
}

static size_t size_of(ek_type t) { return t == EK_F32 ? 4 : 8; }

// Exponents -6…6, and one element in 16 a denormal or a zero. Built from bits alone.
static void *numbers(ek_type t, size_t count) {
  void *block = malloc(count * size_of(t) + 1);
  for (size_t i = 0; i < count; i++) {
    uint64_t r = next(), special = r >> 44 & 15, exponent = (r >> 52) % 13;
    if (t == EK_F32) {
      uint32_t bits = (uint32_t)(r >> 63) << 31 | (uint32_t)(special ? 121 + exponent : 0) << 23 | ((uint32_t)r & 0x7FFFFF);
      if (special == 0 && r & 1) bits &= 0x80000000u;
      memcpy((char *)block + 4 * i, &bits, 4);
    } else {
      uint64_t bits = (r >> 63) << 63 | (special ? 1017 + exponent : 0) << 52 | (r & 0xFFFFFFFFFFFFFu);
      if (special == 0 && r & 1) bits &= 0x8000000000000000u;
      memcpy((char *)block + 8 * i, &bits, 8);
    }
  }
  return block;
}

static uint64_t fnv(const void *data, size_t bytes) {
  uint64_t hash = 0xCBF29CE484222325u;
  for (size_t i = 0; i < bytes; i++) hash = (hash ^ ((const unsigned char *)data)[i]) * 0x100000001B3u;
  return hash;
}

// NaN payloads differ between machines: all become one.
static void canonical(ek_type t, void *data, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (t == EK_F32) {
      float *x = (float *)data + i;
      if (*x != *x) memcpy(x, &(uint32_t){0x7FC00000u}, 4);
    } else {
      double *x = (double *)data + i;
      if (*x != *x) memcpy(x, &(uint64_t){0x7FF8000000000000u}, 8);
    }
}

static const char *set_name, *type_name;

static void report(const char *kernel, ek_type t, void *output, size_t count) {
  canonical(t, output, count);
  printf("%s %s %s %016llx\n", set_name, type_name, kernel, (unsigned long long)fnv(output, count * size_of(t)));
}

static void products(ek_type t) {
  static const struct { bool ta, tb; size_t m, n, k; } shapes[] = {
    {false, false, 37, 45, 70}, {true, false, 33, 17, 530}, {false, true, 7, 65, 1100}, {true, true, 64, 10, 64}};
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    size_t m = shapes[i].m, n = shapes[i].n, k = shapes[i].k;
    void *a = numbers(t, m * k), *b = numbers(t, k * n), *c = numbers(t, m * n);
    ek_matmul(t, shapes[i].ta, shapes[i].tb, m, n, k, a, shapes[i].ta ? m : k, b, shapes[i].tb ? k : n, c, n, i % 2);
    char name[32];
    snprintf(name, sizeof name, "matmul-%zu", i);
    report(name, t, c, m * n);
    free(a), free(b), free(c);
  }
}

static void convolutions(ek_type t) {
  static const ek_conv shapes[] = {
    {.n = 3, .h = 32, .w = 32, .ci = 3, .co = 16, .kh = 3, .kw = 3, .stride = 1, .pad = 1},
    {.n = 9, .h = 16, .w = 16, .ci = 16, .co = 32, .kh = 3, .kw = 3, .stride = 2, .pad = 1},
    // By Winograd in Float: specialized widths, others, ragged groups of samples.
    {.n = 5, .h = 8, .w = 8, .ci = 64, .co = 64, .kh = 3, .kw = 3, .stride = 1, .pad = 1},
    {.n = 3, .h = 16, .w = 16, .ci = 16, .co = 16, .kh = 3, .kw = 3, .stride = 1, .pad = 1},
    {.n = 2, .h = 4, .w = 28, .ci = 48, .co = 96, .kh = 3, .kw = 3, .stride = 1, .pad = 1},
    {.n = 2, .h = 9, .w = 7, .ci = 5, .co = 7, .kh = 5, .kw = 2, .stride = 3, .pad = 2}};
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    ek_conv s = shapes[i];
    s.oh = (s.h + 2 * s.pad - s.kh) / s.stride + 1;
    s.ow = (s.w + 2 * s.pad - s.kw) / s.stride + 1;
    size_t nx = s.n * s.h * s.w * s.ci, nw = s.kh * s.kw * s.ci * s.co, ny = s.n * s.oh * s.ow * s.co;
    void *x = numbers(t, nx), *w = numbers(t, nw), *dy = numbers(t, ny);
    void *xt = numbers(t, nx), *wt = numbers(t, nw), *dyt = numbers(t, ny);
    void *y = malloc(ny * 8), *dx = malloc(nx * 8), *dw = malloc(nw * 8);
    char name[40];
    ek_conv_forward(t, &s, x, w, y, false);
    snprintf(name, sizeof name, "conv-forward-%zu", i), report(name, t, y, ny);
    ek_conv_backward_data(t, &s, dy, w, dx, false);
    snprintf(name, sizeof name, "conv-backward-data-%zu", i), report(name, t, dx, nx);
    ek_conv_backward_weight(t, &s, x, dy, dw);
    snprintf(name, sizeof name, "conv-backward-weight-%zu", i), report(name, t, dw, nw);
    ek_conv_forward_tangent(t, &s, x, xt, w, wt, y);
    snprintf(name, sizeof name, "conv-forward-tangent-%zu", i), report(name, t, y, ny);
    ek_conv_backward_data_tangent(t, &s, dy, dyt, w, wt, dx, false);
    snprintf(name, sizeof name, "conv-backward-data-tangent-%zu", i), report(name, t, dx, nx);
    free(x), free(w), free(dy), free(y), free(dx), free(dw), free(xt), free(wt), free(dyt);
  }
}

static void elementwise(ek_type t) {
  enum { COUNT = 40003 };
  void *x = numbers(t, COUNT), *y = numbers(t, COUNT), *z = malloc(COUNT * 8), *w = numbers(t, COUNT);
  char name[32];
  for (int op = 0; op < EK_UNARY_COUNT; op++) {
    ek_map(t, (ek_unary)op, COUNT, x, z);
    snprintf(name, sizeof name, "map-%d", op), report(name, t, z, COUNT);
  }
  for (int op = 0; op < EK_BINARY_COUNT; op++) {
    ek_zip(t, (ek_binary)op, COUNT, x, y, z);
    snprintf(name, sizeof name, "zip-%d", op), report(name, t, z, COUNT);
    ek_zip_scalar(t, (ek_binary)op, COUNT, x, 0.1, z);
    snprintf(name, sizeof name, "zip-scalar-%d", op), report(name, t, z, COUNT);
    ek_zip_channels(t, (ek_binary)op, COUNT / 37, 37, x, y, z);
    snprintf(name, sizeof name, "zip-channels-%d", op), report(name, t, z, COUNT / 37 * 37);
    ek_zip_rows(t, (ek_binary)op, COUNT / 37, 37, x, y, z);
    snprintf(name, sizeof name, "zip-rows-%d", op), report(name, t, z, COUNT / 37 * 37);
  }
  ek_add_scaled(t, COUNT, x, 0.1, y, z), report("add-scaled", t, z, COUNT);
  ek_axpy(t, COUNT, 0.1, x, z), report("axpy", t, z, COUNT);
  ek_sgd_step(t, COUNT, 0.1, 0.9, 2e-4, false, x, z, w), report("sgd-buffer", t, z, COUNT), report("sgd-weights", t, w, COUNT);
  ek_type other = t == EK_F32 ? EK_F64 : EK_F32;
  ek_convert(t, other, COUNT, x, z), report("convert", other, z, COUNT);
  ek_fill(t, 5, 0.1, z), report("fill", t, z, 5);
  ek_transpose(t, 163, 245, x, z), report("transpose", t, z, 163 * 245);
  free(x), free(y), free(z), free(w);
}

static void reductions(ek_type t) {
  enum { N = 17, PIXELS = 49, CHANNELS = 37, COUNT = N * PIXELS * CHANNELS };
  void *x = numbers(t, COUNT), *y = numbers(t, COUNT), *z = malloc(COUNT * 8);
  double sums[2] = {ek_sum(t, COUNT, x), ek_dot(t, COUNT, x, y)}, mean[CHANNELS], variance[CHANNELS];
  report("sum-dot", EK_F64, sums, 2);
  ek_row_sums(t, N * PIXELS, CHANNELS, x, z), report("row-sums", t, z, N * PIXELS);
  ek_row_maxima(t, N * PIXELS, CHANNELS, x, z), report("row-maxima", t, z, N * PIXELS);
  int64_t argmax[N * PIXELS];
  ek_row_argmax(t, N * PIXELS, CHANNELS, x, argmax);
  printf("%s %s row-argmax %016llx\n", set_name, type_name, (unsigned long long)fnv(argmax, sizeof argmax));
  ek_channel_sums(t, N, PIXELS, CHANNELS, x, mean), report("channel-sums", EK_F64, mean, CHANNELS);
  ek_channel_dots(t, N, PIXELS, CHANNELS, x, y, mean), report("channel-dots", EK_F64, mean, CHANNELS);
  ek_channel_moments(t, N, PIXELS, CHANNELS, x, mean, variance);
  report("channel-means", EK_F64, mean, CHANNELS), report("channel-variances", EK_F64, variance, CHANNELS);
  ek_pool_mean(t, N, PIXELS, CHANNELS, x, z), report("pool-mean", t, z, N * CHANNELS);
  ek_pool_mean_adjoint(t, N, PIXELS, CHANNELS, x, z), report("pool-mean-adjoint", t, z, COUNT);
  ek_shortcut(t, N, 7, 7, CHANNELS, 64, 2, 13, x, z), report("shortcut", t, z, N * 16 * 64);
  ek_normals(t, 7, 1, 2, 3, 5001, z), report("normals", t, z, 5001);
  ek_uniforms(t, 7, 1, 2, 3, 5001, 0.3, z), report("uniforms", t, z, 5001);
  const ek_windows windows = {.n = N, .h = 7, .w = 7, .c = CHANNELS, .oh = 4, .ow = 4, .size = 3, .stride = 2, .pad = 1};
  uint8_t taps[N * 16 * CHANNELS];
  ek_window_largest(t, &windows, x, taps);
  printf("%s %s window-largest %016llx\n", set_name, type_name, (unsigned long long)fnv(taps, sizeof taps));
  ek_window_gather(t, &windows, x, taps, z), report("window-gather", t, z, N * 16 * CHANNELS);
  ek_window_scatter(t, &windows, y, taps, z), report("window-scatter", t, z, COUNT);
  free(x), free(y), free(z);
}

// Fused batch normalization: every output of every pass, with each rectifier that fits.
static void normalization(ek_type t) {
  enum { N = 9, PIXELS = 61, CHANNELS = 45, ROWS = N * PIXELS, COUNT = ROWS * CHANNELS };
  void *x = numbers(t, COUNT), *xt = numbers(t, COUNT), *g = numbers(t, COUNT), *gt = numbers(t, COUNT);
  void *r = numbers(t, COUNT), *c[8], *y = malloc(COUNT * 8), *z = malloc(COUNT * 8);
  void *outputs[4];
  for (int i = 0; i < 8; i++) c[i] = numbers(t, CHANNELS);
  for (int i = 0; i < 4; i++) outputs[i] = malloc(COUNT * 8);
  const ek_normalization norm = {.mean = c[0], .inverse = c[1], .gain = c[2], .shift = c[3]};
  char name[48];
  for (int rectifier = EK_LINEAR; rectifier <= EK_RECTIFIED_RECOMPUTED; rectifier++) {
    const void *residual = rectifier == EK_RECTIFIED_RECOMPUTED ? NULL : r;
    ek_normalize(t, ROWS, CHANNELS, x, &norm, residual, rectifier != EK_LINEAR, y);
    snprintf(name, sizeof name, "normalize-%d", rectifier), report(name, t, y, COUNT);
    ek_normalize_dual(t, ROWS, CHANNELS, x, xt, &norm, c[4], c[5], residual, residual ? gt : NULL, rectifier != EK_LINEAR, y, z);
    snprintf(name, sizeof name, "normalize-dual-%d", rectifier), report(name, t, y, COUNT), report(name, t, z, COUNT);
    ek_normalize_gradient_input(t, ROWS, CHANNELS, g, (ek_rectifier)rectifier, x, y, &norm, c[4], c[5], c[6], z);
    snprintf(name, sizeof name, "normalize-gradient-input-%d", rectifier), report(name, t, z, COUNT);
    for (int tangents = 0; tangents < 2; tangents++) {
      double sums[3 * CHANNELS] = {0};
      const ek_normalize_pass pass = {
          .rectifier = (ek_rectifier)rectifier, .g = g, .x = x, .y = y, .scale = c[6], .scale_tangent = c[7],
          .g_tangent = tangents ? gt : NULL, .x_tangent = tangents ? xt : NULL,
          .masked = outputs[0], .dx = outputs[1], .masked_tangent = tangents ? outputs[2] : NULL,
          .dx_tangent = tangents ? outputs[3] : NULL,
          .sums = sums, .dots = sums + CHANNELS, .cross = sums + 2 * CHANNELS};
      ek_normalize_gradient(t, N, PIXELS, CHANNELS, &norm, &pass);
      snprintf(name, sizeof name, "normalize-gradient-%d-%d-sums", rectifier, tangents);
      report(name, EK_F64, sums, 3 * CHANNELS);
      for (int i = 0; i < (tangents ? 4 : 2); i++) {
        snprintf(name, sizeof name, "normalize-gradient-%d-%d-%d", rectifier, tangents, i);
        report(name, t, outputs[i], COUNT);
      }
    }
  }
  for (int i = 0; i < 8; i++) free(c[i]);
  for (int i = 0; i < 4; i++) free(outputs[i]);
  free(x), free(xt), free(g), free(gt), free(r), free(y), free(z);
}

// Images of bytes: resized down and up, their colors changed, and as normalized input.
static void images(ek_type t) {
  enum { WIDTH = 61, HEIGHT = 47, BYTES = 3 * WIDTH * HEIGHT };
  uint8_t x[BYTES], y[4 * BYTES];
  for (size_t i = 0; i < BYTES; i++) x[i] = (uint8_t)(next() >> 40);
  char name[40];
  static const size_t sizes[][2] = {{32, 25}, {61, 20}, {7, 90}, {100, 75}};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    const ek_window whole = {0, 0, sizes[i][0], sizes[i][1]};
    ek_image_resize(WIDTH, HEIGHT, x, 3 * WIDTH, sizes[i][0], sizes[i][1], &whole, y);
    printf("%s %s image-resize-%zu %016llx\n", set_name, type_name, i,
           (unsigned long long)fnv(y, 3 * sizes[i][0] * sizes[i][1]));
  }
  for (int kind = 0; kind < 3; kind++) {
    ek_image_enhance((ek_enhancement)kind, WIDTH * HEIGHT, 1.3f, x, y);
    printf("%s %s image-enhance-%d %016llx\n", set_name, type_name, kind, (unsigned long long)fnv(y, BYTES));
  }
  void *table = numbers(t, 3 * 256), *z = malloc(BYTES * 8);
  for (int flip = 0; flip < 2; flip++) {
    ek_image_normalize(t, HEIGHT, WIDTH, x, flip, table, z);
    snprintf(name, sizeof name, "image-normalize-%d", flip), report(name, t, z, BYTES);
  }
  void *w = numbers(t, BYTES);
  ek_flip(t, HEIGHT, WIDTH, 3, w, z), report("flip", t, z, BYTES);
  free(table), free(z), free(w);
}

// The scalar functions over the whole range of Double, in equal steps of the bit pattern.
static void functions(void) {
  enum { COUNT = 60000 };
  static double x[COUNT], y[COUNT];
  double (*const f[4])(double) = {ek_exp, ek_log, ek_tanh, ek_cospi};
  for (int i = 0; i < 4; i++) {
    for (size_t j = 0; j < COUNT; j++) {
      uint64_t bits = j * (UINT64_MAX / COUNT);
      memcpy(&x[j], &bits, 8);
      y[j] = f[i](x[j]);
    }
    char name[16];
    snprintf(name, sizeof name, "scalar-%d", i), report(name, EK_F64, y, COUNT);
  }
}

int main(void) {
  for (int isa = 0; isa < EK_ISA_COUNT; isa++) {
    if (!ek_isa_available((ek_isa)isa)) continue;
    set_name = ek_isa_name((ek_isa)isa);
    ek_isa_override(isa);
    for (int threads = 1; threads <= 3; threads += 2) {
      ek_threads_override(threads);
      for (int t = EK_F32; t <= EK_F64; t++) {
        type_name = t == EK_F32 ? "F32" : "F64";
        state = 1;
        products((ek_type)t), convolutions((ek_type)t), elementwise((ek_type)t), reductions((ek_type)t), normalization((ek_type)t);
        images((ek_type)t);
      }
      functions();
    }
  }
}
