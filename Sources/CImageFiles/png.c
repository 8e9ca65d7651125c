#include "internal.h"

#if EIMAGES
#if !__has_include(<png.h>)
#error "png.h is missing: apt-get install libpng-dev (the package's trait Images needs it)"
#endif
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

// Where the next byte comes from, and where a fault leads back to.
typedef struct {
  const uint8_t *bytes;
  size_t count, position, surplus;
  jmp_buf back;
  bool rows_begun;
  png_uint_32 height;
  bool interlaced;
  eimage *image;
} reader;

// Compressed data behind the last row that are looked at, for the checksum at their end.
enum { SURPLUS_LIMIT = 1 << 16, HEADER = 24 };
// libpng reserves what a chunk claims before it looks for it. Its rows are the largest blocks that an image needs:
// a million pixels, the most that it allows in one, of eight bytes.
static const size_t BLOCK_LIMIT = 16u << 20;

static png_voidp allocate(png_structp png, png_alloc_size_t size) {
  (void)png;
  return size <= BLOCK_LIMIT ? malloc(size) : NULL;
}

static void give_back(png_structp png, png_voidp block) {
  (void)png;
  free(block);
}

// Whether every pixel is in its place: libpng looks for the end of the data after that.
static bool is_whole(png_structp png, const reader *r) {
  if (!r->rows_begun) return false;
  return r->interlaced ? png_get_current_pass_number(png) >= PNG_INTERLACE_ADAM7_PASSES
                       : png_get_current_row_number(png) >= r->height;
}

// A fault behind the last row damages no pixel, so it counts as a warning. The jump tells the two apart.
static void give_up(png_structp png, png_const_charp text) {
  reader *r = png_get_error_ptr(png);
  const bool whole = is_whole(png, r);
  if (whole) eimage_warn(r->image, text);
  else eimage_fail(r->image, text);
  longjmp(r->back, whole ? 2 : 1);
}

static void warn(png_structp png, png_const_charp text) {
  eimage_warn(((reader *)png_get_error_ptr(png))->image, text);
}

static void give_bytes(png_structp png, png_bytep target, size_t count) {
  reader *r = png_get_io_ptr(png);
  if (count > r->count - r->position) png_error(png, "the file ends before the image does");
  if (is_whole(png, r) && (r->surplus += count) > SURPLUS_LIMIT) png_error(png, "more data than the image takes");
  memcpy(target, r->bytes + r->position, count);
  r->position += count;
}

// Indices to three bytes a pixel in the same row, from its end. As in Pillow, those beyond the palette become black;
// returns whether there were any.
static bool look_up(size_t width, uint8_t *row, const png_color *palette, int colors) {
  bool beyond = false;
  for (size_t x = width; x-- > 0;) {
    const bool known = row[x] < colors;
    const png_color color = known ? palette[row[x]] : (png_color){0, 0, 0};
    memcpy(row + 3 * x, (uint8_t[]){color.red, color.green, color.blue}, 3);
    beyond |= !known;
  }
  return beyond;
}

// The same of sixteen bits of gray, the upper byte first, of which values above 255 become 255.
static bool cut_gray(size_t width, uint8_t *row) {
  bool cut = false;
  for (size_t x = width; x-- > 0;) {
    const bool large = row[2 * x] != 0;
    memset(row + 3 * x, large ? 255 : row[2 * x + 1], 3);
    cut |= large;
  }
  return cut;
}

// From the signature to the last row; leaves by longjmp on a fault. The header's extents are those in `image`.
static eimage_status decode_rows(png_structp png, png_infop info, reader *r, bool upright) {
  eimage *image = r->image;
  // Nothing beside the pixels is read, except for the orientation: no text or profile is inflated.
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, (png_const_bytep)"tRNS", 1);
  if (upright) png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_AS_DEFAULT, (png_const_bytep)"eXIf", 1);
  // No chunk is larger than the file.
  png_set_chunk_malloc_max(png, r->count);
  png_read_info(png, info);
  // The pixels have a checksum of their own besides that of their chunks.
  png_set_crc_action(png, PNG_CRC_WARN_USE, PNG_CRC_DEFAULT);
  const int kind = png_get_color_type(png, info), depth = png_get_bit_depth(png, info);
  size_t bytes_a_pixel = 3;
  if (kind == PNG_COLOR_TYPE_PALETTE) {
    bytes_a_pixel = 1;
    png_set_packing(png);
    png_set_check_for_invalid_index(png, 0);
  } else if (kind == PNG_COLOR_TYPE_GRAY && depth == 16) {
    bytes_a_pixel = 2;
  } else {
    png_set_expand(png);
    png_set_strip_16(png);
    png_set_strip_alpha(png);
    png_set_gray_to_rgb(png);
  }
  const int passes = png_set_interlace_handling(png);
  png_read_update_info(png, info);
  const size_t stride = 3 * image->width;
  if (png_get_rowbytes(png, info) != bytes_a_pixel * image->width) png_error(png, "another row than expected");
  if (!eimage_reserve(image)) return EIMAGE_NO_MEMORY;
  r->interlaced = passes > 1;
  r->rows_begun = true;
  for (int pass = 0; pass < passes; pass++)
    for (size_t y = 0; y < image->height; y++) png_read_row(png, image->pixels + stride * y, NULL);
  png_read_end(png, info);
  return EIMAGE_DECODED;
}

// What remains when the rows are there.
static eimage_status finish(png_structp png, png_infop info, bool upright, eimage *image) {
  const int kind = png_get_color_type(png, info), depth = png_get_bit_depth(png, info);
  png_colorp palette = NULL;
  int colors = 0;
  if (kind == PNG_COLOR_TYPE_PALETTE) png_get_PLTE(png, info, &palette, &colors);
  bool beyond = false, cut = false;
  for (size_t y = 0; y < image->height; y++) {
    uint8_t *row = image->pixels + 3 * image->width * y;
    if (kind == PNG_COLOR_TYPE_PALETTE) beyond |= look_up(image->width, row, palette, colors);
    else if (kind == PNG_COLOR_TYPE_GRAY && depth == 16) cut |= cut_gray(image->width, row);
  }
  if (beyond) eimage_warn(image, "indices beyond the palette, which become black");
  if (cut) eimage_warn(image, "gray values of 16 bits above 255, which become white");
  png_uint_32 count = 0;
  png_bytep exif = NULL;
  if (!upright || !png_get_eXIf_1(png, info, &count, &exif)) return EIMAGE_DECODED;
  return eimage_turn(image, eimage_exif_orientation(exif, count)) ? EIMAGE_DECODED : EIMAGE_NO_MEMORY;
}

static size_t extent(const uint8_t *bytes) {
  return (size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 | bytes[3];
}

eimage_status eimage_decode_png(const uint8_t *bytes, size_t count, size_t pixel_limit, bool upright, eimage *image) {
  memset(image, 0, sizeof *image);
  reader r = {.bytes = bytes, .count = count, .image = image};
  // Signature, then length, name and first fields of the header.
  if (count >= HEADER) {
    image->width = extent(bytes + 16);
    image->height = extent(bytes + 20);
    if (image->height > 0 && image->width > pixel_limit / image->height) return EIMAGE_TOO_LARGE;
  }
  r.height = (png_uint_32)image->height;
  png_structp png =
      png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &r, give_up, warn, NULL, allocate, give_back);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  if (!info) {
    png_destroy_read_struct(&png, NULL, NULL);
    return EIMAGE_NO_MEMORY;
  }
  png_set_read_fn(png, &r, give_bytes);
  // Nothing that changes after this is read after a jump but through pointers, so no local needs to be volatile.
  const int jump = setjmp(r.back);
  eimage_status status = jump == 1 ? EIMAGE_FAULTY : EIMAGE_DECODED;
  if (jump == 0) status = decode_rows(png, info, &r, upright);
  if (status == EIMAGE_DECODED) status = finish(png, info, upright, image);
  png_destroy_read_struct(&png, &info, NULL);
  if (status != EIMAGE_DECODED) eimage_free(image);
  return status;
}
#else
typedef int eimage_png_is_off;
#endif
