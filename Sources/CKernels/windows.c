// Max-pooling: which tap of each window is the largest, and what is read and written there.
#include "machine.h"
#include <string.h>

// The tap of window (r, q) in the input, as an element's index in its picture; the tap must lie inside.
static inline size_t place(const ek_windows *s, size_t r, size_t q, uint8_t tap, size_t c) {
  size_t y = r * s->stride + tap / s->size - s->pad, x = q * s->stride + tap % s->size - s->pad;
  return (y * s->w + x) * s->c + c;
}

// The taps of one row or column of windows that lie inside the picture.
typedef struct {
  size_t first, end;
} inside;

static inline inside taps(const ek_windows *s, size_t window, size_t extent) {
  size_t start = window * s->stride;
  return (inside){start < s->pad ? s->pad - start : 0, ek_min(s->size, extent + s->pad - start)};
}

typedef struct {
  const ek_windows *shape;
  const void *x;
  uint8_t *taps;
  void *y;
} window_job;

// A later tap replaces the largest so far where that is smaller, or where the tap itself is the first NaN.
#define LARGEST(T)                                                                                      \
  static void largest_##T(void *context, size_t n) {                                                    \
    const window_job *j = context;                                                                      \
    const ek_windows *s = j->shape;                                                                     \
    const T *x = (const T *)j->x + n * s->h * s->w * s->c;                                              \
    uint8_t *to = j->taps + n * s->oh * s->ow * s->c;                                                   \
    for (size_t r = 0; r < s->oh; r++)                                                                  \
      for (size_t q = 0; q < s->ow; q++, to += s->c) {                                                  \
        inside rows = taps(s, r, s->h), columns = taps(s, q, s->w);                                     \
        uint8_t corner = (uint8_t)(rows.first * s->size + columns.first);                               \
        memset(to, corner, s->c);                                                                       \
        for (size_t a = rows.first; a < rows.end; a++)                                                  \
          for (size_t b = columns.first; b < columns.end; b++) {                                        \
            uint8_t tap = (uint8_t)(a * s->size + b);                                                   \
            const T *here = x + place(s, r, q, tap, 0);                                                 \
            for (size_t i = 0; i < s->c; i++) {                                                         \
              T best = x[place(s, r, q, to[i], i)];                                                     \
              if (best == best && !(here[i] <= best)) to[i] = tap;                                      \
            }                                                                                           \
          }                                                                                             \
      }                                                                                                 \
  }

LARGEST(float)
LARGEST(double)

void ek_window_largest(ek_type t, const ek_windows *s, const void *x, uint8_t *taps) {
  window_job j = {s, x, taps, NULL};
  ek_parallel(s->n, t == EK_F32 ? largest_float : largest_double, &j);
}

#define MOVES(T)                                                                                        \
  static void gather_##T(void *context, size_t n) {                                                     \
    const window_job *j = context;                                                                      \
    const ek_windows *s = j->shape;                                                                     \
    const T *x = (const T *)j->x + n * s->h * s->w * s->c;                                              \
    const uint8_t *tap = j->taps + n * s->oh * s->ow * s->c;                                            \
    T *y = (T *)j->y + n * s->oh * s->ow * s->c;                                                        \
    for (size_t r = 0; r < s->oh; r++)                                                                  \
      for (size_t q = 0; q < s->ow; q++, tap += s->c, y += s->c)                                        \
        for (size_t i = 0; i < s->c; i++) y[i] = x[place(s, r, q, tap[i], i)];                          \
  }                                                                                                     \
  static void scatter_##T(void *context, size_t n) {                                                    \
    const window_job *j = context;                                                                      \
    const ek_windows *s = j->shape;                                                                     \
    const T *dy = (const T *)j->x + n * s->oh * s->ow * s->c;                                           \
    const uint8_t *tap = j->taps + n * s->oh * s->ow * s->c;                                            \
    T *dx = (T *)j->y + n * s->h * s->w * s->c;                                                         \
    memset(dx, 0, s->h * s->w * s->c * sizeof(T));                                                      \
    for (size_t r = 0; r < s->oh; r++)                                                                  \
      for (size_t q = 0; q < s->ow; q++, tap += s->c, dy += s->c)                                       \
        for (size_t i = 0; i < s->c; i++) dx[place(s, r, q, tap[i], i)] += dy[i];                       \
  }

MOVES(float)
MOVES(double)

void ek_window_gather(ek_type t, const ek_windows *s, const void *x, const uint8_t *taps, void *y) {
  window_job j = {s, x, (uint8_t *)taps, y};
  ek_parallel(s->n, t == EK_F32 ? gather_float : gather_double, &j);
}

void ek_window_scatter(ek_type t, const ek_windows *s, const void *dy, const uint8_t *taps, void *dx) {
  window_job j = {s, dy, (uint8_t *)taps, dx};
  ek_parallel(s->n, t == EK_F32 ? scatter_float : scatter_double, &j);
}
