// JPEG and PNG files to RGB bytes through libjpeg and libpng. Without the package's trait Images there is nothing
// behind this header.
#ifndef ESCAPEMENT_CIMAGEFILES_H
#define ESCAPEMENT_CIMAGEFILES_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EIMAGE_MESSAGE = 256 };

typedef struct {
  size_t width, height;
  uint8_t *pixels;               // height rows of width interleaved RGB pixels; NULL until decoded
  size_t warnings;               // how often the library warned of damage and went on
  char message[EIMAGE_MESSAGE];  // the library's words: the fault, or the first warning
} eimage;

typedef enum {
  EIMAGE_DECODED = 0,
  EIMAGE_FAULTY = 1,     // the message says why
  EIMAGE_TOO_LARGE = 2,  // more pixels than allowed; width and height are set
  EIMAGE_NO_MEMORY = 3
} eimage_status;

// Decode the file in `bytes`, of at most `pixel_limit` pixels by its header, as Pillow does; color profiles are
// ignored. `upright`: the image is turned as its Exif orientation says. A file that ends before its pixels is a fault.
// May be called from several threads at once.

// The accurate integer inverse transform and smooth upsampling; gray fills the three channels; four components are
// taken as inverted CMYK. Memory: three bytes a pixel (six where it is turned), and at most 512 MiB besides.
eimage_status eimage_decode_jpeg(const uint8_t *bytes, size_t count, size_t pixel_limit, bool upright, eimage *image);
// Every kind of PNG; alpha and transparency are dropped, 16 bits of a color become the upper 8, 16 bits of gray are cut
// at 255, an index beyond the palette is black. Memory: three bytes a pixel (six where it is turned), and 64 MB
// besides.
eimage_status eimage_decode_png(const uint8_t *bytes, size_t count, size_t pixel_limit, bool upright, eimage *image);
// Gives the pixels back.
void eimage_free(eimage *image);

#endif
