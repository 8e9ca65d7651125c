// The leaves of one instruction set for one element type, written once over generic vectors.
//
// Defined by the including file: EK_IS_F32 (1 or 0), VECTOR_BYTES, NAME(x), which appends a distinct suffix to x,
// HEIGHT (the rows of a group, 2 or 4) and REGISTERS (16 or 32 vectors). Compiled with the target attributes of that
// file.
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

// The product of `height` · `groups` rows with one panel of `vectors` vectors, see ek_leaf.tile.
//
// The row addresses are computed from a base per group and two shared strides and are hidden from the optimizer. It
// would otherwise chain them through one register, and the latency of that chain would limit the loop.
static inline __attribute__((always_inline)) void FN(tile_of)(
    const int height, const int groups, const int vectors, const ek_group *places, ptrdiff_t rs, ptrdiff_t cs,
    const ek_run *runs, size_t run_count, const T *a, const T *b, size_t ldb, T *out, size_t ldo, ek_store store) {
  V acc[28][2];  // of fixed size, as are p and bv: arrays of variable size would stay in memory
#pragma clang loop unroll(full)
  for (int i = 0; i < groups * height; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < vectors; j++)
      acc[i][j] = store == EK_RESUME ? *(const V *)(out + places[i / height].to + (i % height) * (ptrdiff_t)ldo + j * (ptrdiff_t)LANES_V)
                         : (V){0};
  ptrdiff_t step = cs * (ptrdiff_t)sizeof(T), row = rs * (ptrdiff_t)sizeof(T), rows3 = 3 * row;
  __asm__("" : "+r"(row), "+r"(rows3));
  size_t at = 0;
  for (const ek_run *run = runs; run < runs + run_count; run++) {
    const char *p[7];
#pragma clang loop unroll(full)
    for (int g = 0; g < groups; g++) p[g] = (const char *)(a + (places[g].from + run->offset));
    if (run->k != at) {  // a gap in k; a branch, so that runs without a gap do not wait for the product
      b += (ptrdiff_t)(run->k - at) * (ptrdiff_t)ldb;
      __asm__("" : "+r"(b));
    }
    at = run->k + run->length;
#pragma clang loop unroll(disable)
    for (size_t k = run->length; k > 0; k--, b += ldb) {
      V bv[2];
#pragma clang loop unroll(full)
      for (int j = 0; j < vectors; j++) bv[j] = *(const V *)(b + j * LANES_V);
#pragma clang loop unroll(full)
      for (int i = 0; i < groups * height; i++) {
        const char *q = p[i / height];
        const int n = i % height;
        // Heights above four have unit row stride.
        const char *x = height > 4 ? q + n * sizeof(T) : n == 0 ? q : n == 1 ? q + row : n == 2 ? q + 2 * row : q + rows3;
        V av = *(const T *)x - (V){0};  // x - (+0) is x for every x, -0 included: a broadcast
#pragma clang loop unroll(full)
        for (int j = 0; j < vectors; j++) acc[i][j] = __builtin_elementwise_fma(av, bv[j], acc[i][j]);
      }
#pragma clang loop unroll(full)
      for (int g = 0; g < groups; g++) {
        p[g] += step;
        __asm__("" : "+r"(p[g]));
      }
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < groups * height; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < vectors; j++)
    {
      V *to = (V *)(out + places[i / height].to + (i % height) * (ptrdiff_t)ldo + j * (ptrdiff_t)LANES_V);
      *to = store == EK_ADD_TO ? *to + acc[i][j] : acc[i][j];
    }
}

// The tiles of an instruction set, as an X-macro over (height, groups, vectors). Accumulators, the panel's vectors and
// one broadcast vector must fit in the registers.
#if REGISTERS == 32 && HEIGHT == 4
#define TILES(X) \
  X(1, 1, 1) X(2, 1, 1) X(3, 1, 1) X(4, 1, 1) X(4, 2, 1) X(4, 3, 1) X(4, 4, 1) X(4, 5, 1) X(4, 6, 1) X(4, 7, 1) X(9, 3, 1) \
  X(1, 1, 2) X(2, 1, 2) X(3, 1, 2) X(4, 1, 2) X(4, 2, 2) X(4, 3, 2)
#define MOST_GROUPS {7, 3}
#define TALL_GROUPS {3, 0}
#elif REGISTERS == 16 && HEIGHT == 2
#define TILES(X) \
  X(1, 1, 1) X(2, 1, 1) X(2, 2, 1) X(2, 3, 1) X(2, 4, 1) X(2, 5, 1) X(2, 6, 1) X(9, 1, 1) \
  X(1, 1, 2) X(2, 1, 2) X(2, 2, 2) X(2, 3, 2)
#define MOST_GROUPS {6, 3}
#define TALL_GROUPS {1, 0}
#endif

#define TILE(height, groups, vectors) \
  static __attribute__((noinline)) void FN(tile_##height##_##groups##_##vectors)( \
      const ek_group *places, ptrdiff_t rs, ptrdiff_t cs, const ek_run *runs, size_t run_count, const T *a, \
      const T *b, size_t ldb, T *out, size_t ldo, ek_store store) { \
    FN(tile_of)(height, groups, vectors, places, rs, cs, runs, run_count, a, b, ldb, out, ldo, store); \
  }
TILES(TILE)

static void FN(tile)(size_t height, size_t groups, size_t vectors, const ek_group *places, ptrdiff_t rs, ptrdiff_t cs,
                     const ek_run *runs, size_t run_count, const void *a, const void *b, size_t ldb, void *out,
                     size_t ldo, ek_store store) {
#define CALL(h, g, v) \
  case (h * 8 + g) * 4 + v: \
    FN(tile_##h##_##g##_##v)(places, rs, cs, runs, run_count, a, b, ldb, out, ldo, store); \
    break;
  switch ((height * 8 + groups) * 4 + vectors) {
  TILES(CALL)
  default: __builtin_trap();  // no such tile: see ek_leaf
  }
#undef CALL
}

// Four rows of `count` elements, read with strides rs and 1, become `count` rows of four, `width` apart.
static void FN(transpose_rows)(size_t count, const void *av, ptrdiff_t rs, void *ov, size_t width) {
  typedef T Q __attribute__((vector_size(4 * sizeof(T)), aligned(sizeof(T))));
  const T *a = av;
  T *out = ov;
  size_t k = 0;
  for (; k + 4 <= count; k += 4) {
    Q x0 = *(const Q *)(a + k), x1 = *(const Q *)(a + rs + k), x2 = *(const Q *)(a + 2 * rs + k), x3 = *(const Q *)(a + 3 * rs + k);
    Q l01 = __builtin_shufflevector(x0, x1, 0, 4, 1, 5), h01 = __builtin_shufflevector(x0, x1, 2, 6, 3, 7);
    Q l23 = __builtin_shufflevector(x2, x3, 0, 4, 1, 5), h23 = __builtin_shufflevector(x2, x3, 2, 6, 3, 7);
    *(Q *)(out + k * width) = __builtin_shufflevector(l01, l23, 0, 1, 4, 5);
    *(Q *)(out + (k + 1) * width) = __builtin_shufflevector(l01, l23, 2, 3, 6, 7);
    *(Q *)(out + (k + 2) * width) = __builtin_shufflevector(h01, h23, 0, 1, 4, 5);
    *(Q *)(out + (k + 3) * width) = __builtin_shufflevector(h01, h23, 2, 3, 6, 7);
  }
  for (; k < count; k++)
    for (int i = 0; i < 4; i++) out[k * width + i] = a[i * rs + k];
}

// Element i of an output may be the same as element i of an input, but no other overlap exists: no loop below carries a
// value from one element to the next. Without this pragma the compiler's overlap test would send every in-place
// operation to scalar code.
#define EACH_ELEMENT _Pragma("clang loop vectorize(assume_safety)") for (size_t i = 0; i < count; i++)

static void FN(map)(ek_unary op, size_t count, const void *xv, void *yv) {
  const T *x = xv;
  T *y = yv;
#define EACH(expression) EACH_ELEMENT { T v = x[i]; y[i] = (expression); } break
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
  case EK_ADD: EACH_ELEMENT z[i] = x[i] + (right); break; \
  case EK_SUB: EACH_ELEMENT z[i] = x[i] - (right); break; \
  case EK_MUL: EACH_ELEMENT z[i] = x[i] * (right); break; \
  case EK_DIV: EACH_ELEMENT z[i] = x[i] / (right); break; \
  case EK_MASK: \
    EACH_ELEMENT { T r = (right); T l = x[i]; z[i] = r > (T)0 ? l : (r != r ? r : (T)0); } \
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
  EACH_ELEMENT y[i] = FMA(a, x[i], y[i]);
}

static void FN(add_scaled)(size_t count, const void *wv, double s, const void *gv, void *yv) {
  const T *w = wv, *g = gv;
  T *y = yv;
  const T a = (T)s;
  EACH_ELEMENT { T product = a * g[i]; y[i] = w[i] + product; }
}

static void FN(sgd)(size_t count, double lr, double momentum, double decay, bool first, const void *gv, void *bv,
                    void *wv) {
  const T *g = gv;
  T *b = bv, *w = wv;
  const T rate = (T)lr, m = (T)momentum, wd = (T)decay;
  EACH_ELEMENT {
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

static void FN(channel_chain_squares)(size_t pixels, size_t channels, const void *xv, const double *center,
                                      double *sums) {
  const T *x = xv;
  for (size_t c = 0; c < channels; c++) sums[c] = 0;
  for (size_t p = 0; p < pixels; p++)
    for (size_t c = 0; c < channels; c++) {
      double d = (double)x[p * channels + c] - center[c];
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

#include "normalization_body.h"
#if EK_IS_F32
#include "winograd_body.h"
#endif

const ek_leaf LEAF = {
    .vector = LANES_V, .height = HEIGHT, .groups = MOST_GROUPS, .tall = TALL_GROUPS, .tile = FN(tile),
    .transpose_rows = FN(transpose_rows), .map = FN(map), .zip = FN(zip), .zip_scalar = FN(zip_scalar), .axpy = FN(axpy),
    .add_scaled = FN(add_scaled), .sgd = FN(sgd), .lanes = FN(lanes), .channel_chain = FN(channel_chain),
    .channel_chain_squares = FN(channel_chain_squares), .pool_mean = FN(pool_mean),
    .normalize = FN(normalize), .normalize_dual = FN(normalize_dual),
    .normalize_gradient = FN(normalize_gradient), .normalize_gradient_input = FN(normalize_gradient_input),
    .channel_moments = FN(channel_moments),
#if EK_IS_F32
    .winograd = &FN(winograd),
#endif
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
#undef TILES
#undef MOST_GROUPS
#undef TALL_GROUPS
#undef ZIP_CASES
#undef EACH_ELEMENT
