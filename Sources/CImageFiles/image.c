#include "internal.h"

// EIMAGES is defined by the package's trait Images.
#if EIMAGES
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool eimage_reserve(eimage *image) {
  image->pixels = malloc(3 * image->width * image->height);
  return image->pixels != NULL;
}

void eimage_free(eimage *image) {
  free(image->pixels);
  image->pixels = NULL;
}

void eimage_warn(eimage *image, const char *text) {
  if (image->warnings++ == 0) snprintf(image->message, EIMAGE_MESSAGE, "%s", text);
}

void eimage_fail(eimage *image, const char *text) { snprintf(image->message, EIMAGE_MESSAGE, "%s", text); }

bool eimage_turn(eimage *image, int orientation) {
  if (orientation < 2 || orientation > 8) return true;
  const ptrdiff_t w = (ptrdiff_t)image->width, h = (ptrdiff_t)image->height;
  // Where the result's first pixel lies in the source, and how far apart in it are the result's columns and rows.
  const struct {
    ptrdiff_t first, column, row;
  } walks[] = {
      {w - 1, -1, w},          // 2: mirrored left to right
      {w * h - 1, -1, -w},     // 3: half a turn
      {(h - 1) * w, 1, -w},    // 4: mirrored top to bottom
      {0, w, 1},               // 5: mirrored about the diagonal from the top left
      {(h - 1) * w, -w, 1},    // 6: a quarter turn clockwise
      {w * h - 1, -w, -1},     // 7: mirrored about the other diagonal
      {w - 1, w, -1},          // 8: a quarter turn counterclockwise
  };
  const ptrdiff_t column = walks[orientation - 2].column, row = walks[orientation - 2].row;
  eimage turned = *image;
  if (orientation > 4) {
    turned.width = image->height;
    turned.height = image->width;
  }
  if (!eimage_reserve(&turned)) return false;
  uint8_t *target = turned.pixels;
  for (size_t y = 0; y < turned.height; y++)
    for (size_t x = 0; x < turned.width; x++, target += 3) {
      const ptrdiff_t pixel = walks[orientation - 2].first + (ptrdiff_t)x * column + (ptrdiff_t)y * row;
      memcpy(target, image->pixels + 3 * pixel, 3);
    }
  eimage_free(image);
  *image = turned;
  return true;
}
#else
// A translation unit holds at least one declaration.
typedef int eimage_is_off;
#endif
