// The C kernels of Escapement. Every per-element loop of the package is behind this header.
//
// Contract (Documentation/Numerics.md): the result of every function below is a pure function of
// its operands' bits. It does not depend on the instruction set, the thread count, the compiler's
// optimization level or on what else runs. Arrays are dense and row-major unless a leading
// dimension is given. Operands may not overlap unless a function says "in place allowed", which
// means that an output may be exactly one of the inputs.
#ifndef ESCAPEMENT_CKERNELS_H
#define ESCAPEMENT_CKERNELS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Element types.
typedef enum { EK_F32 = 0, EK_F64 = 1 } ek_type;

// ---- Instruction sets and threads ---------------------------------------------------------------

typedef enum { EK_ISA_SCALAR = 0, EK_ISA_AVX2 = 1, EK_ISA_AVX512 = 2, EK_ISA_NEON = 3 } ek_isa;
enum { EK_ISA_COUNT = 4 };

// Whether this build and this processor can run `isa`.
bool ek_isa_available(ek_isa isa);
// "scalar", "avx2", "avx512" or "neon".
const char *ek_isa_name(ek_isa isa);
// The set used by the calling thread: its override if set, else ESCAPEMENT_ISA, else the best available one.
ek_isa ek_isa_current(void);
// Overrides the set for the calling thread (and the work it forks); -1 removes the override.
void ek_isa_override(int isa);
// A problem with the environment variables: NULL when ESCAPEMENT_ISA, ESCAPEMENT_THREADS, ESCAPEMENT_MEMORY and
// ESCAPEMENT_CONVOLUTION are unset or valid, else one line that names the variable, its value and the values that work
// here.
const char *ek_environment_problem(void);

enum { EK_MAX_THREADS = 256 };

// The limits on the cores that this process may use.
typedef struct {
  int online;    // cores of the machine that are online
  int allowed;   // of these, those that the calling thread's affinity mask allows
  double quota;  // cores' worth of time that the CPU quotas of control groups allow; 0 without a quota
} ek_cores;
// This process's limits.
ek_cores ek_cores_available(void);
// The smallest CPU quota, in cores, of the process's control group and of all enclosing groups, according to the files
// below `root` ("" for the system's): proc/self/cgroup, proc/self/mountinfo, and cpu.max (version 2) or
// cpu.cfs_quota_us and cpu.cfs_period_us (version 1) in each group. 0 without a quota; a file that is missing or cannot
// be parsed sets none.
double ek_cpu_quota(const char *root);

// What determined a number of threads.
typedef enum {
  EK_THREADS_CORES = 0, EK_THREADS_AFFINITY = 1, EK_THREADS_QUOTA = 2, EK_THREADS_ENVIRONMENT = 3
} ek_threads_source;
// "cores", "affinity", "quota" or "ESCAPEMENT_THREADS".
const char *ek_threads_source_name(ek_threads_source source);
// The number of threads for these cores, from 1 to EK_MAX_THREADS, and the limit that determined it. A quota is rounded
// up.
int ek_threads_for(ek_cores cores, ek_threads_source *source);

// The number of threads for the calling thread's work: the override, else ESCAPEMENT_THREADS, else ek_threads_for of
// this process's cores, determined once per process.
int ek_threads_current(void);
// What determined the number when there is no override.
ek_threads_source ek_threads_current_source(void);
// Overrides the count for the calling thread; 0 removes the override.
void ek_threads_override(int threads);

enum { EK_MAX_MEMORY = 4096 };
// The bytes that repeated products with one matrix may keep: ESCAPEMENT_MEMORY in GiB, from 1 to EK_MAX_MEMORY, else
// 1 GiB. No bit depends on it.
size_t ek_memory(void);

// How Float convolutions whose shape satisfies ek_conv_is_winograd are computed. The bits of the two ways differ, so
// the choice is part of the contract under which a result is computed, unlike instruction set and threads.
typedef enum { EK_CONVOLUTION_WINOGRAD = 0, EK_CONVOLUTION_DIRECT = 1 } ek_convolution;
enum { EK_CONVOLUTION_COUNT = 2 };
// "winograd" or "direct".
const char *ek_convolution_name(ek_convolution convolution);
// The choice of the calling thread: its override if set, else ESCAPEMENT_CONVOLUTION, else Winograd.
ek_convolution ek_convolution_current(void);
// Overrides it for the calling thread (and the work it forks); -1 removes the override.
void ek_convolution_override(int convolution);

// Runs task(context, i) for i in 0..<count, in any order, on up to ek_threads_current() threads, each
// in the contract's floating-point mode. Nested or concurrent calls run on the calling thread alone.
typedef void (*ek_task)(void *context, size_t index);
void ek_parallel(size_t count, ek_task task, void *context);

// ---- Memory: a pool of size classes -------------------------------------------------------------

// Takes a block from the pool: 64-byte aligned, or 2 MiB aligned from that size on, uninitialized; NULL when memory is
// exhausted. The block is returned with its size.
void *ek_pool_take(size_t bytes);
// The handler that is called, on the requesting thread, before ek_pool_take returns NULL; NULL, the initial value,
// means none. Set it once, before other threads take blocks.
void ek_pool_on_exhaustion(void (*handler)(size_t bytes));
void ek_pool_give(void *block, size_t bytes);
typedef struct {
  uint64_t taken;        // blocks handed out since start
  uint64_t fresh;        // of these, blocks that came from the system and not from the pool
  uint64_t bytes_live;   // bytes handed out and not yet returned (by size class)
  uint64_t bytes_peak;   // the largest bytes_live seen
} ek_pool_counts;
ek_pool_counts ek_pool_statistics(void);

// Copies that writes to shared blocks made on the calling thread: counts one, and reads the count.
void ek_copy_count(void);
uint64_t ek_copies(void);

// ---- Contractions (rules 1 to 3) ----------------------------------------------------------------

// C[m×n] = op(A) op(B), or C = C + op(A) op(B) when `accumulate` (the sum is a separate rounding).
// op(X) is X or its transpose; lda, ldb, ldc are the row lengths of the arrays as stored.
// Without `accumulate` C is never read.
void ek_matmul(ek_type t, bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k,
               const void *a, size_t lda, const void *b, size_t ldb, void *c, size_t ldc,
               bool accumulate);

// A convolution's shape: x is [n][h][w][ci], weights [kh][kw][ci][co], y is [n][oh][ow][co] with
// oh = (h + 2 pad - kh) / stride + 1 and ow likewise.
typedef struct {
  size_t n, h, w, ci, oh, ow, co, kh, kw, stride, pad;
} ek_conv;
// `accumulate` adds to the values in the output, and the sum is rounded separately; otherwise the output is never read.
void ek_conv_forward(ek_type t, const ek_conv *s, const void *x, const void *weights, void *y, bool accumulate);
void ek_conv_backward_data(ek_type t, const ek_conv *s, const void *dy, const void *weights, void *dx, bool accumulate);
void ek_conv_backward_weight(ek_type t, const ek_conv *s, const void *x, const void *dy, void *dweights);
// The derivatives of the first two functions along tangents of both operands: forward(x', w) + forward(x, w') and
// backward_data(dy', w) + backward_data(dy, w'). The sum is rounded separately; by Winograd it is one chain over both.
void ek_conv_forward_tangent(ek_type t, const ek_conv *s, const void *x, const void *x_tangent, const void *weights,
                             const void *weights_tangent, void *y);
void ek_conv_backward_data_tangent(ek_type t, const ek_conv *s, const void *dy, const void *dy_tangent, const void *weights,
                                   const void *weights_tangent, void *dx, bool accumulate);
// Whether a convolution of this shape is computed by Winograd F(4×4, 3×3) on this thread: Float, 3×3 taps, stride 1,
// padding 1, height and width multiples of 4 with at most 8192 pixels, channels multiples of 16 and at most 256, unless
// ek_convolution_current returns direct. All four functions above and all samples of a batch are computed the same way.
bool ek_conv_is_winograd(ek_type t, const ek_conv *s);

// ---- Elementwise (in place allowed) -------------------------------------------------------------

typedef enum {
  EK_RELU = 0,        // x < 0 ? +0 : x; NaN stays NaN, -0 stays -0
  EK_HEAVISIDE = 1,   // relu's derivative: x < 0 or x == 0 ? +0 : 1; NaN stays NaN
  EK_EXP = 2,
  EK_LOG = 3,
  EK_TANH = 4,
  EK_SQRT = 5,
  EK_RECIPROCAL = 6,  // 1 / x
  EK_NEGATE = 7,
  EK_SQUARE = 8,
  EK_ABS = 9,
  EK_UNARY_COUNT = 10
} ek_unary;
void ek_map(ek_type t, ek_unary op, size_t count, const void *x, void *y);

typedef enum { EK_ADD = 0, EK_SUB = 1, EK_MUL = 2, EK_DIV = 3,
               EK_MASK = 4, // x where y > 0, NaN where y is NaN, else +0: relu backward with y the pre-activation
               EK_BINARY_COUNT = 5 } ek_binary;
void ek_zip(ek_type t, ek_binary op, size_t count, const void *x, const void *y, void *z);
// z = x op s with the scalar first rounded to the element type.
void ek_zip_scalar(ek_type t, ek_binary op, size_t count, const void *x, double s, void *z);
// z[r][c] = x[r][c] op v[c]
void ek_zip_channels(ek_type t, ek_binary op, size_t rows, size_t channels, const void *x, const void *v, void *z);
// z[r][c] = x[r][c] op v[r]
void ek_zip_rows(ek_type t, ek_binary op, size_t rows, size_t columns, const void *x, const void *v, void *z);
// y = fma(s, x, y), s rounded to the element type: one rounding per element.
void ek_axpy(ek_type t, size_t count, double s, const void *x, void *y);
void ek_fill(ek_type t, size_t count, double value, void *y);
// Widens numbers of 16 bits to floats, exactly: IEEE binary16, or bfloat16, the upper half of a float.
typedef enum { EK_BINARY16 = 0, EK_BFLOAT16 = 1 } ek_half;
void ek_widen(ek_half format, size_t count, const uint16_t *x, float *y);
// Converts element types with one rounding.
void ek_convert(ek_type from, ek_type to, size_t count, const void *x, void *y);

// ---- Reductions (rules 2, 5, 6) -----------------------------------------------------------------

// Sums in 32 double lanes, lane = i mod 32, by fma, folded from 32 to 1 by halves; the double is returned unrounded.
double ek_sum(ek_type t, size_t count, const void *x);
double ek_dot(ek_type t, size_t count, const void *x, const void *y);
// The sum of each row by the rule of ek_sum, rounded once to the element type.
void ek_row_sums(ek_type t, size_t rows, size_t columns, const void *x, void *sums);
// The largest element of each row; NaN if the row contains a NaN.
void ek_row_maxima(ek_type t, size_t rows, size_t columns, const void *x, void *maxima);
// The index of the largest element of each row, the lowest index among equal ones; -1 if the row contains a NaN.
void ek_row_argmax(ek_type t, size_t rows, size_t columns, const void *x, int64_t *indices);
// Per-channel sums over samples and pixels in double, by rule 2: x is [n][pixels][channels].
void ek_channel_sums(ek_type t, size_t n, size_t pixels, size_t channels, const void *x, double *sums);
void ek_channel_dots(ek_type t, size_t n, size_t pixels, size_t channels, const void *x, const void *y, double *sums);
// Rule 6: mean and biased variance in double. EK_F32 keeps sums of x and x² (variance clamped at
// 0); EK_F64 sums the squares of x - mean in a second pass.
void ek_channel_moments(ek_type t, size_t n, size_t pixels, size_t channels, const void *x,
                        double *mean, double *variance);
// The sums from which the moments are computed, by rule 2, for a batch whose samples are in several places: of x, and
// in one pass of x and x² (EK_F32), or of (x - mean)² once the mean is known (EK_F64).
void ek_channel_powers(ek_type t, size_t n, size_t pixels, size_t channels, const void *x, double *sums, double *squares);
void ek_channel_squares(ek_type t, size_t n, size_t pixels, size_t channels, const void *x, const double *mean,
                        double *squares);
// The moments of `count` numbers per channel from Σx and Σx², by rule 6 for EK_F32; in place.
void ek_moments_of_powers(size_t channels, double count, double *mean, double *variance);
// Whether every element is finite.
bool ek_all_finite(ek_type t, size_t count, const void *x);

// ---- Batch normalization, fused -----------------------------------------------------------------
//
// u = (x - mean)·inverse and y = relu(u·gain + shift + residual), every operation rounded, in this order. The bits are
// those of the elementwise functions above applied one after another, in one pass over memory.

// One value per channel each.
typedef struct {
  const void *mean, *inverse, *gain, *shift;
} ek_normalization;

// How a backward pass determines where the rectifier passed its input.
typedef enum {
  EK_LINEAR = 0,               // there was no rectifier
  EK_RECTIFIED_OUTPUT = 1,     // from the output y
  EK_RECTIFIED_RECOMPUTED = 2  // from u·gain + shift, where there was no residual
} ek_rectifier;

// residual may be NULL. In place allowed (y is x or residual).
void ek_normalize(ek_type t, size_t rows, size_t channels, const void *x, const ek_normalization *norm,
                  const void *residual, bool rectified, void *y);
// y and, in the same pass, its derivative along tangents of x, gain, shift and residual (both NULL if there is no
// residual), with mean and inverse constant: y' = masked((x'·inverse)·gain + u·gain' + shift' + residual').
void ek_normalize_dual(ek_type t, size_t rows, size_t channels, const void *x, const void *x_tangent,
                       const ek_normalization *norm, const void *gain_tangent, const void *shift_tangent,
                       const void *residual, const void *residual_tangent, bool rectified, void *y, void *y_tangent);

// One backward pass. With m = g where the rectifier passed its input, by rule 2 and unrounded: sums = Σ m, dots = Σ
// m·u. With tangents (m' of g_tangent, u' = x_tangent·inverse): sums = Σ m', dots = Σ m'·u, cross = Σ m·u'. Outputs may
// be NULL: masked = m, masked_tangent = m', dx = m·scale, dx_tangent = m'·scale + m·scale_tangent.
typedef struct {
  ek_rectifier rectifier;
  const void *g, *g_tangent, *x, *x_tangent, *y;
  const void *scale, *scale_tangent;  // one value per channel
  void *masked, *masked_tangent, *dx, *dx_tangent;
  double *sums, *dots, *cross;
} ek_normalize_pass;
void ek_normalize_gradient(ek_type t, size_t n, size_t pixels, size_t channels, const ek_normalization *norm,
                           const ek_normalize_pass *pass);
// The input gradient where mean and inverse depend on x: dx = ((m - along1) - u·along_output)·scale, one value per
// channel each. In place allowed (dx is g).
void ek_normalize_gradient_input(ek_type t, size_t rows, size_t channels, const void *g, ek_rectifier rectifier,
                                 const void *x, const void *y, const ek_normalization *norm, const void *along1,
                                 const void *along_output, const void *scale, void *dx);

// ---- Shape operations ---------------------------------------------------------------------------

// Spatial mean: x [n][pixels][channels] to y [n][channels], each summed in the 32 lanes over pixels, divided by
// `pixels` in double and rounded once; and its adjoint dx[n][p][c] = dy[n][c] / pixels.
void ek_pool_mean(ek_type t, size_t n, size_t pixels, size_t channels, const void *x, void *y);
void ek_pool_mean_adjoint(ek_type t, size_t n, size_t pixels, size_t channels, const void *dy, void *dx);
// Square windows over images: x is [n][h][w][c], y is [n][oh][ow][c]. The `pad` rows and columns around the image are
// outside and are ignored. Windows are at most 15 taps wide, and none is wholly outside: pad <= size / 2.
typedef struct {
  size_t n, h, w, c, oh, ow, size, stride, pad;
} ek_windows;
// The largest element of each window, as the tap's row-major index in the window: the lowest index among equal ones,
// the first NaN if there is one.
void ek_window_largest(ek_type t, const ek_windows *s, const void *x, uint8_t *taps);
// y = x at the taps; and its adjoint, which adds to +0 in the order of the windows.
void ek_window_gather(ek_type t, const ek_windows *s, const void *x, const uint8_t *taps, void *y);
void ek_window_scatter(ek_type t, const ek_windows *s, const void *dy, const uint8_t *taps, void *dx);
// y[r][c] = x[r][width - 1 - c]: each row of pixels from right to left.
void ek_flip(ek_type t, size_t rows, size_t width, size_t channels, const void *x, void *y);
// Option-A shortcut: every `stride`-th row and column, with `before` zero channels in front and zero channels behind up
// to `co`; and its adjoint (which writes +0 where nothing was taken).
void ek_shortcut(ek_type t, size_t n, size_t h, size_t w, size_t ci, size_t co, size_t stride, size_t before,
                 const void *x, void *y);
void ek_shortcut_adjoint(ek_type t, size_t n, size_t h, size_t w, size_t ci, size_t co, size_t stride,
                         size_t before, const void *dy, void *dx);
// y[r] = x[r][index[r]]; the indices must be in 0..<columns, which is not checked.
void ek_gather_columns(ek_type t, size_t rows, size_t columns, const void *x, const int64_t *index, void *y);
// y[r][c] = c == index[r] ? v[r] : +0.
void ek_scatter_columns(ek_type t, size_t rows, size_t columns, const void *v, const int64_t *index, void *y);
// y[j][i] = x[i][j] for x of rows × columns.
void ek_transpose(ek_type t, size_t rows, size_t columns, const void *x, void *y);

// ---- Optimizer updates, in one pass over memory -------------------------------------------------

// SGD with momentum, each operation rounded: d = g + wd·w; b = first ? d : m·b + d; w = w - lr·b.
void ek_sgd_step(ek_type t, size_t count, double lr, double momentum, double weight_decay, bool first,
                 const void *g, void *b, void *w);
// y = w + s·g, with the product rounded before the sum.
void ek_add_scaled(ek_type t, size_t count, const void *w, double s, const void *g, void *y);

// ---- Random bits --------------------------------------------------------------------------------

// Philox4x32-10: one block of four words from a counter and a key.
void ek_philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);
// Standard normals by the inverse CDF: element i of the stream (key, purpose words c2, c3) uses the
// counter (lo(i), hi(i), c2, c3), words 0 and 1. Rounded once to the element type.
void ek_normals(ek_type t, uint64_t key, uint32_t c2, uint32_t c3, uint64_t first, size_t count, void *y);
// Uniform in [-bound, bound): (2u - 1)·bound in double with u the 53 high bits of the same words, rounded once.
void ek_uniforms(ek_type t, uint64_t key, uint32_t c2, uint32_t c3, uint64_t first, size_t count, double bound,
                 void *y);
// Standard normal quantile of p in (0, 1).
double ek_normal_quantile(double p);
// The package's own functions for scalars in Double (Documentation/Numerics.md, rule 7).
double ek_exp(double x);
double ek_log(double x);
double ek_tanh(double x);
// cos(πx) within 2 ulp, exact at multiples of 1/2; NaN for infinities.
double ek_cospi(double x);

#endif
