#include "internal.h"

#if EIMAGES
#include <string.h>

// A number of 2 or 4 bytes, the most significant one first or last.
static uint32_t number(const uint8_t *bytes, int size, bool big) {
  uint32_t value = 0;
  for (int i = 0; i < size; i++) value = value << 8 | bytes[big ? i : size - 1 - i];
  return value;
}

// The bytes of one whole number of a TIFF type; 0: not a whole number, which no reader takes for an orientation.
static int size_of(uint32_t type) {
  switch (type) {
    case 6: return 1;                    // signed byte
    case 3: case 8: return 2;            // short, signed short
    case 4: case 9: case 13: return 4;   // long, signed long, offset
    default: return 0;
  }
}

int eimage_exif_orientation(const uint8_t *bytes, size_t count) {
  enum { HEADER = 8, ENTRY = 12, ORIENTATION = 0x0112 };
  if (count < HEADER || (memcmp(bytes, "II", 2) != 0 && memcmp(bytes, "MM", 2) != 0)) return 1;
  const bool big = bytes[0] == 'M';
  // Pillow takes the 42 in either order of bytes.
  if (number(bytes + 2, 2, big) != 42 && number(bytes + 2, 2, !big) != 42) return 1;
  const size_t directory = number(bytes + 4, 4, big);
  if (directory > count - 2) return 1;
  const size_t entries = number(bytes + directory, 2, big);
  uint32_t found = 1;
  for (size_t i = 0; i < entries; i++) {
    const size_t start = directory + 2 + ENTRY * i;
    if (start + ENTRY > count) break;
    const uint8_t *entry = bytes + start;
    const int size = size_of(number(entry + 2, 2, big));
    const size_t total = (size_t)number(entry + 4, 4, big) * (size_t)size;
    if (number(entry, 2, big) != ORIENTATION || total == 0) continue;
    // Values of more than four bytes lie elsewhere, and the entry says where.
    const size_t place = total <= 4 ? start + 8 : number(entry + 8, 4, big);
    if (place > count || total > count - place) continue;
    found = number(bytes + place, size, big);
  }
  return found >= 1 && found <= 8 ? (int)found : 1;
}

int eimage_jpeg_orientation(const uint8_t *bytes, size_t count) {
  static const uint8_t NAME[] = {'E', 'x', 'i', 'f', 0, 0};
  enum { START_OF_SCAN = 0xDA, APP1 = 0xE1 };
  size_t at = 2;
  while (at + 4 <= count) {
    if (bytes[at] != 0xFF || bytes[at + 1] == 0xFF) {
      at++;
      continue;
    }
    const uint8_t marker = bytes[at + 1];
    // Neither a stuffed zero nor a marker that stands alone has a length.
    if (marker < 2 || (marker >= 0xD0 && marker <= 0xD8)) {
      at += 2;
      continue;
    }
    if (marker == START_OF_SCAN || marker == 0xD9) break;
    const size_t length = number(bytes + at + 2, 2, true);
    if (length < 2 || length > count - at - 2) break;
    const uint8_t *body = bytes + at + 4;
    size_t rest = length - 2;
    if (marker == APP1 && rest >= sizeof NAME && memcmp(body, NAME, sizeof NAME) == 0) {
      for (; rest >= sizeof NAME && memcmp(body, NAME, sizeof NAME) == 0; rest -= sizeof NAME) body += sizeof NAME;
      return eimage_exif_orientation(body, rest);
    }
    at += 2 + length;
  }
  return 1;
}
#else
typedef int eimage_exif_is_off;
#endif
