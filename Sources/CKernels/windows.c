// Max-pooling: the largest tap of each window, and reads and writes at these taps.
#include "machine.h"
#include <string.h>

enum { EK_WIDEST = 15, EK_STRIP = 64 };

typedef struct {
  const ek_windows *shape;
  const void *x;
  uint8_t *taps;
  void *y;
  // From a window's corner to each of its taps, in elements.
  ptrdiff_t offsets[EK_WIDEST * EK_WIDEST];
} window_job;

static window_job job(const ek_windows *s, const void *x, const uint8_t *taps, void *y) {
  window_job j = {.shape = s, .x = x, .taps = (uint8_t *)taps, .y = y};
  for (size_t tap = 0; tap < s->size * s->size; tap++)
    j.offsets[tap] = (ptrdiff_t)((tap / s->size * s->w + tap % s->size) * s->c);
  return j;
}

// The corner of window (r, q) in its image, in elements; it may lie outside.
static inline ptrdiff_t corner(const ek_windows *s, size_t r, size_t q) {
  ptrdiff_t y = (ptrdiff_t)(r * s->stride) - (ptrdiff_t)s->pad, x = (ptrdiff_t)(q * s->stride) - (ptrdiff_t)s->pad;
  return (y * (ptrdiff_t)s->w + x) * (ptrdiff_t)s->c;
}

// The taps of one row or column of windows that lie inside the image.
typedef struct {
  size_t first, end;
} inside;

static inline inside taps_inside(const ek_windows *s, size_t window, size_t extent) {
  size_t start = window * s->stride;
  return (inside){start < s->pad ? s->pad - start : 0, ek_min(s->size, extent + s->pad - start)};
}

// A later tap replaces the largest so far if that is smaller, or if the tap itself is the first NaN.
#define LARGEST(T)                                                                                                   \
  static void strip_##T(const window_job *j, const T *x, ptrdiff_t at, inside rows, inside columns, size_t count,    \
                        uint8_t *to) {                                                                               \
    T best[EK_STRIP];                                                                                                \
    uint8_t first = (uint8_t)(rows.first * j->shape->size + columns.first);                                          \
    memcpy(best, x + (at + j->offsets[first]), count * sizeof(T));                                                   \
    memset(to, first, count);                                                                                        \
    for (size_t a = rows.first; a < rows.end; a++)                                                                   \
      for (size_t b = columns.first; b < columns.end; b++) {                                                         \
        uint8_t tap = (uint8_t)(a * j->shape->size + b);                                                             \
        const T *here = x + (at + j->offsets[tap]);                                                                  \
        for (size_t i = 0; i < count; i++) {                                                                         \
          bool takes = best[i] == best[i] && !(here[i] <= best[i]);                                                  \
          best[i] = takes ? here[i] : best[i];                                                                       \
          to[i] = takes ? tap : to[i];                                                                               \
        }                                                                                                            \
      }                                                                                                              \
  }                                                                                                                  \
  static void largest_##T(void *context, size_t n) {                                                                 \
    const window_job *j = context;                                                                                   \
    const ek_windows *s = j->shape;                                                                                  \
    const T *x = (const T *)j->x + n * s->h * s->w * s->c;                                                           \
    uint8_t *to = j->taps + n * s->oh * s->ow * s->c;                                                                \
    for (size_t r = 0; r < s->oh; r++)                                                                               \
      for (size_t q = 0; q < s->ow; q++, to += s->c)                                                                 \
        for (size_t c = 0; c < s->c; c += EK_STRIP)                                                                  \
          strip_##T(j, x, corner(s, r, q) + (ptrdiff_t)c, taps_inside(s, r, s->h), taps_inside(s, q, s->w),          \
                    ek_min(EK_STRIP, s->c - c), to + c);                                                             \
  }

LARGEST(float)
LARGEST(double)

void ek_window_largest(ek_type t, const ek_windows *s, const void *x, uint8_t *taps) {
  window_job j = job(s, x, taps, NULL);
  ek_parallel(s->n, t == EK_F32 ? largest_float : largest_double, &j);
}

#define MOVES(T)                                                                                                     \
  static void gather_##T(void *context, size_t n) {                                                                  \
    const window_job *j = context;                                                                                   \
    const ek_windows *s = j->shape;                                                                                  \
    const T *x = (const T *)j->x + n * s->h * s->w * s->c;                                                           \
    const uint8_t *tap = j->taps + n * s->oh * s->ow * s->c;                                                         \
    T *y = (T *)j->y + n * s->oh * s->ow * s->c;                                                                     \
    for (size_t r = 0; r < s->oh; r++)                                                                               \
      for (size_t q = 0; q < s->ow; q++, tap += s->c, y += s->c)                                                     \
        for (size_t i = 0; i < s->c; i++) y[i] = x[corner(s, r, q) + j->offsets[tap[i]] + (ptrdiff_t)i];             \
  }                                                                                                                  \
  static void scatter_##T(void *context, size_t n) {                                                                 \
    const window_job *j = context;                                                                                   \
    const ek_windows *s = j->shape;                                                                                  \
    const T *dy = (const T *)j->x + n * s->oh * s->ow * s->c;                                                        \
    const uint8_t *tap = j->taps + n * s->oh * s->ow * s->c;                                                         \
    T *dx = (T *)j->y + n * s->h * s->w * s->c;                                                                      \
    memset(dx, 0, s->h * s->w * s->c * sizeof(T));                                                                   \
    for (size_t r = 0; r < s->oh; r++)                                                                               \
      for (size_t q = 0; q < s->ow; q++, tap += s->c, dy += s->c)                                                    \
        for (size_t i = 0; i < s->c; i++) dx[corner(s, r, q) + j->offsets[tap[i]] + (ptrdiff_t)i] += dy[i];          \
  }

MOVES(float)
MOVES(double)

void ek_window_gather(ek_type t, const ek_windows *s, const void *x, const uint8_t *taps, void *y) {
  window_job j = job(s, x, taps, y);
  ek_parallel(s->n, t == EK_F32 ? gather_float : gather_double, &j);
}

void ek_window_scatter(ek_type t, const ek_windows *s, const void *dy, const uint8_t *taps, void *dx) {
  window_job j = job(s, dy, taps, dx);
  ek_parallel(s->n, t == EK_F32 ? scatter_float : scatter_double, &j);
}
