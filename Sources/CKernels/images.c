// From published image bytes to normalized network input.
#include "CImages.h"
#include "machine.h"

typedef struct {
  ek_type t;
  size_t side, pad;
  const uint8_t *const *images;
  const uint8_t *dy, *dx, *flip;
  const char *table;
  char *y;
} image_job;

static void image_task(void *context, size_t index) {
  const image_job *j = context;
  const size_t side = j->side, plane = side * side, size = ek_size(j->t);
  const uint8_t *image = j->images[index];
  char *to = j->y + index * plane * 3 * size;
  for (size_t r = 0; r < side; r++)
    for (size_t c = 0; c < side; c++) {
      // The window's column, counted from its right end when flipped; both in coordinates of the padded image.
      const ptrdiff_t row = (ptrdiff_t)(r + j->dy[index]) - (ptrdiff_t)j->pad;
      const size_t column = j->flip[index] ? side - 1 - c : c;
      const ptrdiff_t at = (ptrdiff_t)(column + j->dx[index]) - (ptrdiff_t)j->pad;
      const bool inside = row >= 0 && row < (ptrdiff_t)side && at >= 0 && at < (ptrdiff_t)side;
      for (size_t channel = 0; channel < 3; channel++) {
        const uint8_t byte = inside ? image[channel * plane + (size_t)row * side + (size_t)at] : 0;
        const size_t entry = channel * 256 + byte, place = (r * side + c) * 3 + channel;
        if (size == 4) ((float *)to)[place] = ((const float *)j->table)[entry];
        else ((double *)to)[place] = ((const double *)j->table)[entry];
      }
    }
}

void ek_images_prepare(ek_type t, size_t n, size_t side, size_t pad, const uint8_t *const *images, const uint8_t *dy,
                       const uint8_t *dx, const uint8_t *flip, const void *table, void *y) {
  image_job j = {t, side, pad, images, dy, dx, flip, table, y};
  ek_parallel(n, image_task, &j);
}
