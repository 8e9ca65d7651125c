#ifndef ESCAPEMENT_CIMAGEFILES_INTERNAL_H
#define ESCAPEMENT_CIMAGEFILES_INTERNAL_H
#include "CImageFiles.h"

// Room for width × height pixels in `image`; false: there is no memory.
bool eimage_reserve(eimage *image);
// Counts a warning; the first one's words are kept.
void eimage_warn(eimage *image, const char *text);
// Keeps the words of a fault.
void eimage_fail(eimage *image, const char *text);
// The orientation 1 to 8 that Exif data (a TIFF header and its first directory) states; 1 where it states none.
int eimage_exif_orientation(const uint8_t *bytes, size_t count);
// The same of the Exif segment of a JPEG file.
int eimage_jpeg_orientation(const uint8_t *bytes, size_t count);
// Turns and mirrors the image as the orientation says; false: there is no memory.
bool eimage_turn(eimage *image, int orientation);

#endif
