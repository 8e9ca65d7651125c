// The leaves of one instruction set for one element type, written once over generic vectors.
//
// Included with: EK_IS_F32 (1 or 0), VECTOR_BYTES, NAME(x) giving x a suffix of its own, and
// the height WIDE_ROWS of the largest tile two vectors wide (6 or 14). Compiled under the target attributes of its file.
#if EK_IS_F32
typedef float NAME(T); typedef uint32_t NAME(U); typedef int32_t NAME(S);
#else
typedef double NAME(T); typedef uint64_t NAME(U); typedef int64_t NAME(S);
#endif
#define T NAME(T)
#define U NAME(U)
#define S NAME(S)
#define FN NAME
#if EK_IS_F32
#define FMA(a, b, c) __builtin_fmaf(a, b, c)
#else
#define FMA(a, b, c) __builtin_fma(a, b, c)
#endif
#define LANES_V (VECTOR_BYTES / sizeof(T))
#define LANES_D (VECTOR_BYTES / sizeof(double))
typedef T NAME(V) __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(T))));
typedef double NAME(D) __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(double))));
// As many elements as there are lanes in D.
typedef T NAME(H) __attribute__((vector_size(LANES_D * sizeof(T)), aligned(sizeof(T))));
#define V NAME(V)
#define D NAME(D)
#define H NAME(H)

#include "elementary.h"

static inline __attribute__((always_inline)) void FN(tile_of)(
    const int rows, const int vectors, const ek_run *runs, size_t run_count, const T *a, ptrdiff_t rs,
    ptrdiff_t cs, const T *b, size_t ldb, T *out, size_t ldo) {
  V acc[rows][vectors];
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < vectors; j++) acc[i][j] = (V){0};
  for (size_t r = 0; r < run_count; r++) {
    const T *p = a + runs[r].offset;
    for (size_t k = 0; k < runs[r].length; k++, p += cs, b += ldb) {
      V bv[vectors];
#pragma clang loop unroll(full)
      for (int j = 0; j < vectors; j++) bv[j] = *(const V *)(b + j * LANES_V);
#pragma clang loop unroll(full)
      for (int i = 0; i < rows; i++) {
        V av = p[i * rs] - (V){0};  // x - (+0) is x for every x, -0 included: a splat
#pragma clang loop unroll(full)
        for (int j = 0; j < vectors; j++) acc[i][j] = __builtin_elementwise_fma(av, bv[j], acc[i][j]);
      }
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < vectors; j++) *(V *)(out + i * ldo + j * LANES_V) = acc[i][j];
}

#define TILE_ARGUMENTS \
  const ek_run *runs, size_t run_count, const T *a, ptrdiff_t rs, ptrdiff_t cs, const T *b, size_t ldb, T *out, size_t ldo
#define TILE(rows, vectors) \
  static __attribute__((noinline)) void FN(tile_##rows##_##vectors)(TILE_ARGUMENTS) { \
    FN(tile_of)(rows, vectors, runs, run_count, a, rs, cs, b, ldb, out, ldo); \
  }
TILE(1, 1) TILE(2, 1) TILE(4, 1) TILE(8, 1)
TILE(1, 2) TILE(2, 2) TILE(4, 2)
#if WIDE_ROWS == 14
TILE(12, 1) TILE(16, 1) TILE(8, 2) TILE(12, 2) TILE(14, 2)
#else
TILE(6, 2)
#endif

static void FN(tile)(size_t rows, size_t vectors, const ek_run *runs, size_t run_count, const void *a,
                     ptrdiff_t rs, ptrdiff_t cs, const void *b, size_t ldb, void *out, size_t ldo) {
#define CALL(r, v) case r * 4 + v: FN(tile_##r##_##v)(runs, run_count, a, rs, cs, b, ldb, out, ldo); break;
  switch (rows * 4 + vectors) {
  CALL(1, 1) CALL(2, 1) CALL(4, 1) CALL(8, 1)
  CALL(1, 2) CALL(2, 2) CALL(4, 2)
#if WIDE_ROWS == 14
  CALL(12, 1) CALL(16, 1) CALL(8, 2) CALL(12, 2) CALL(14, 2)
#else
  CALL(6, 2)
#endif
  default: __builtin_trap();  // tile_rows() offered no such tile
  }
#undef CALL
}

static size_t FN(tile_rows)(size_t rows, size_t vectors) {
#if WIDE_ROWS == 14
  if (vectors == 1 && rows >= 16) return 16;
  if (vectors == 2 && rows >= 14) return rows == 16 ? 8 : 14;
  if (rows >= 12) return 12;
  if (rows >= 8) return 8;
#else
  if (vectors == 1 && rows >= 8) return 8;
  if (vectors == 2 && rows >= 6) return rows == 8 ? 4 : 6;
#endif
  return rows >= 4 ? 4 : rows >= 2 ? 2 : 1;
}

static void FN(map)(ek_unary op, size_t count, const void *xv, void *yv) {
  const T *x = xv;
  T *y = yv;
#define EACH(expression) for (size_t i = 0; i < count; i++) { T v = x[i]; y[i] = (expression); } break
  switch (op) {
  case EK_RELU: EACH(v < (T)0 ? (T)0 : v);
  case EK_HEAVISIDE: EACH(v > (T)0 ? (T)1 : (v != v ? v : (T)0));
  case EK_EXP: EACH(FN(exp)(v));
  case EK_LOG: EACH(FN(log)(v));
  case EK_TANH: EACH(FN(tanh)(v));
  case EK_SQRT: EACH(__builtin_elementwise_sqrt(v));
  case EK_RECIPROCAL: EACH((T)1 / v);
  case EK_NEGATE: EACH(-v);
  case EK_SQUARE: EACH(v * v);
  case EK_ABS: EACH(__builtin_elementwise_abs(v));
  default: break;
  }
#undef EACH
}

// The body of a two-operand loop; `right` is the second operand at i.
#define ZIP_CASES(right) \
  switch (op) { \
  case EK_ADD: for (size_t i = 0; i < count; i++) z[i] = x[i] + (right); break; \
  case EK_SUB: for (size_t i = 0; i < count; i++) z[i] = x[i] - (right); break; \
  case EK_MUL: for (size_t i = 0; i < count; i++) z[i] = x[i] * (right); break; \
  case EK_DIV: for (size_t i = 0; i < count; i++) z[i] = x[i] / (right); break; \
  case EK_MASK: \
    for (size_t i = 0; i < count; i++) { T r = (right); T l = x[i]; z[i] = r > (T)0 ? l : (r != r ? r : (T)0); } \
    break; \
  default: break; \
  }

static void FN(zip)(ek_binary op, size_t count, const void *xv, const void *yv, void *zv) {
  const T *x = xv, *y = yv;
  T *z = zv;
  ZIP_CASES(y[i])
}

static void FN(zip_scalar)(ek_binary op, size_t count, const void *xv, double s, void *zv) {
  const T *x = xv;
  T *z = zv;
  const T y = (T)s;
  ZIP_CASES(y)
}

static void FN(axpy)(size_t count, double s, const void *xv, void *yv) {
  const T *x = xv;
  T *y = yv;
  const T a = (T)s;
  for (size_t i = 0; i < count; i++) y[i] = FMA(a, x[i], y[i]);
}

static void FN(add_scaled)(size_t count, const void *wv, double s, const void *gv, void *yv) {
  const T *w = wv, *g = gv;
  T *y = yv;
  const T a = (T)s;
  for (size_t i = 0; i < count; i++) { T product = a * g[i]; y[i] = w[i] + product; }
}

static void FN(sgd)(size_t count, double lr, double momentum, double decay, bool first, const void *gv, void *bv,
                    void *wv) {
  const T *g = gv;
  T *b = bv, *w = wv;
  const T rate = (T)lr, m = (T)momentum, wd = (T)decay;
  for (size_t i = 0; i < count; i++) {
    T shrink = wd * w[i];
    T d = g[i] + shrink;
    T kept = m * b[i];
    T v = first ? d : kept + d;
    b[i] = v;
    T move = rate * v;
    w[i] = w[i] - move;
  }
}

static inline D FN(widen)(const T *x) { return __builtin_convertvector(*(const H *)x, D); }

static inline double FN(fold)(double *lane) {
  for (int half = EK_LANES / 2; half > 0; half /= 2)
    for (int l = 0; l < half; l++) lane[l] += lane[l + half];
  return lane[0];
}

static double FN(lanes)(size_t count, const void *xv, const void *yv) {
  const T *x = xv, *y = yv;
  enum { PARTS = EK_LANES / LANES_D };
  D acc[PARTS];
  for (int p = 0; p < PARTS; p++) acc[p] = (D){0};
  size_t i = 0;
  if (y) {
    for (; i + EK_LANES <= count; i += EK_LANES)
#pragma clang loop unroll(full)
      for (int p = 0; p < PARTS; p++)
        acc[p] = __builtin_elementwise_fma(FN(widen)(x + i + p * LANES_D), FN(widen)(y + i + p * LANES_D), acc[p]);
  } else {
    for (; i + EK_LANES <= count; i += EK_LANES)
#pragma clang loop unroll(full)
      for (int p = 0; p < PARTS; p++) acc[p] = acc[p] + FN(widen)(x + i + p * LANES_D);
  }
  double lane[EK_LANES];
  __builtin_memcpy(lane, acc, sizeof lane);
  for (size_t l = 0; i + l < count; l++)
    lane[l] = y ? __builtin_fma((double)x[i + l], (double)y[i + l], lane[l]) : lane[l] + (double)x[i + l];
  return FN(fold)(lane);
}

static void FN(channel_chain)(size_t pixels, size_t channels, const void *xv, const void *yv, double *sums) {
  const T *x = xv, *y = yv;
  size_t c = 0;
  // Four vectors of channels at once hide the latency of the chains.
#define BLOCK(vectors) \
  for (; c + vectors * LANES_D <= channels; c += vectors * LANES_D) { \
    D acc[vectors]; \
    for (int v = 0; v < vectors; v++) acc[v] = (D){0}; \
    for (size_t p = 0; p < pixels; p++) { \
      const T *px = x + p * channels + c, *py = y ? y + p * channels + c : px; \
      _Pragma("clang loop unroll(full)") for (int v = 0; v < vectors; v++) \
        acc[v] = y ? __builtin_elementwise_fma(FN(widen)(px + v * LANES_D), FN(widen)(py + v * LANES_D), acc[v]) \
                   : acc[v] + FN(widen)(px + v * LANES_D); \
    } \
    __builtin_memcpy(sums + c, acc, sizeof acc); \
  }
  BLOCK(4)
  BLOCK(1)
#undef BLOCK
  for (; c < channels; c++) {
    double acc = 0;
    for (size_t p = 0; p < pixels; p++) {
      double v = (double)x[p * channels + c];
      acc = y ? __builtin_fma(v, (double)y[p * channels + c], acc) : acc + v;
    }
    sums[c] = acc;
  }
}

static void FN(channel_chain_squares)(size_t pixels, size_t channels, const void *xv, const double *centre,
                                      double *sums) {
  const T *x = xv;
  for (size_t c = 0; c < channels; c++) sums[c] = 0;
  for (size_t p = 0; p < pixels; p++)
    for (size_t c = 0; c < channels; c++) {
      double d = (double)x[p * channels + c] - centre[c];
      sums[c] = __builtin_fma(d, d, sums[c]);
    }
}

static void FN(pool_mean)(size_t pixels, size_t channels, const void *xv, void *yv) {
  const T *x = xv;
  T *y = yv;
  for (size_t c = 0; c < channels; c++) {
    double lane[EK_LANES] = {0};
    for (size_t p = 0; p < pixels; p++) lane[p % EK_LANES] += (double)x[p * channels + c];
    y[c] = (T)(FN(fold)(lane) / (double)pixels);
  }
}

const ek_leaf LEAF = {
    .vector = LANES_V, .tile = FN(tile),
    .tile_rows = FN(tile_rows), .map = FN(map), .zip = FN(zip), .zip_scalar = FN(zip_scalar), .axpy = FN(axpy),
    .add_scaled = FN(add_scaled), .sgd = FN(sgd), .lanes = FN(lanes), .channel_chain = FN(channel_chain),
    .channel_chain_squares = FN(channel_chain_squares), .pool_mean = FN(pool_mean),
};
#undef T
#undef U
#undef S
#undef V
#undef D
#undef H
#undef FN
#undef FMA
#undef LANES_V
#undef LANES_D
#undef TILE
#undef TILE_ARGUMENTS
#undef ZIP_CASES
