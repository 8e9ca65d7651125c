// JPEG files to RGB bytes through libjpeg. Without the package's trait JPEG there is nothing behind this header.
#ifndef ESCAPEMENT_CJPEG_H
#define ESCAPEMENT_CJPEG_H
#include <stddef.h>
#include <stdint.h>

typedef struct {
  size_t width, height;
  uint8_t *pixels;  // height rows of width interleaved RGB pixels; NULL until decoded
} ejpeg_image;

typedef enum {
  EJPEG_DECODED = 0,
  EJPEG_FAULTY = 1,    // libjpeg's own words are in the message
  EJPEG_TOO_LARGE = 2, // more pixels than allowed; width and height are set
  EJPEG_NO_MEMORY = 3
} ejpeg_status;

enum { EJPEG_MESSAGE = 256 };

// Decodes the file in `bytes`, of at most `pixel_limit` pixels by its header. Damage that libjpeg would only warn of is
// a fault. Uses the accurate integer inverse transform and smooth upsampling, as Pillow does; gray fills the three
// channels; four components are taken as inverted CMYK. Neither Exif orientation nor a color profile is applied.
// Memory: three bytes a pixel, and at most 512 MiB besides. May be called from several threads at once.
ejpeg_status ejpeg_decode(const uint8_t *bytes, size_t count, size_t pixel_limit, ejpeg_image *image,
                          char message[EJPEG_MESSAGE]);
// Gives the pixels back.
void ejpeg_free(ejpeg_image *image);

#endif
