// Procedural images for the embedded data set: a shape over a texture, with clutter. They use only sums, products,
// quotients and square roots in double, so the bytes are the same on every machine.
#include "CImages.h"
#include "machine.h"

enum { SIDE = 32, PIXELS = SIDE * SIDE };

// Counter words that separate the draws for one image.
enum { DRAWS_NORMAL = 0, DRAWS_UNIFORM = 1, DRAWS_NOISE = 2 };

typedef struct {
  uint64_t key;
  uint32_t draw;
} source;

static void words(uint64_t key, uint32_t draw, uint32_t kind, uint32_t out[4]) {
  uint32_t counter[4] = {draw, 0, kind, 0}, halves[2] = {(uint32_t)key, (uint32_t)(key >> 32)};
  ek_philox4x32(counter, halves, out);
}

static double between(source *s, double low, double high) {
  uint32_t w[4];
  words(s->key, s->draw++, DRAWS_UNIFORM, w);
  return low + (high - low) * ((double)w[0] * 0x1p-32);
}

static double fraction(double x) {
  double t = x - (double)(int64_t)x;
  return t < 0 ? t + 1 : t;
}

// A smooth wave of period 1 between -1 and 1: two parabolas instead of a sine.
static double wave(double turns) {
  double u = 2 * fraction(turns) - 1;
  return -4 * u * (1 - (u < 0 ? -u : u));
}

// A triangle wave of period 1: 0 at 0, 1 at one half.
static double triangle(double turns) {
  double u = 2 * fraction(turns) - 1;
  return 1 - (u < 0 ? -u : u);
}

typedef struct { double x, y; } direction;

static direction unit(double x, double y) {
  double length = __builtin_elementwise_sqrt(x * x + y * y);
  return (direction){x / length, y / length};
}

// A stripe pattern: wave(x · dx + y · dy + phase), dx and dy in turns per pixel.
typedef struct { double dx, dy, phase; } grating;

// `tilt` goes from 0 (stripes across) to 1 (stripes along). The direction in which they lean is random, so a flipped
// image is as likely as the image itself.
static grating stripes(source *s, double tilt, double cycles) {
  direction d = unit(1 - tilt, tilt);
  double lean = between(s, -1, 1) < 0 ? -1 : 1, turns = cycles / SIDE;
  return (grating){d.x * turns * lean, d.y * turns, between(s, 0, 1)};
}

static double at(const grating *g, double x, double y) { return wave(x * g->dx + y * g->dy + g->phase); }

// A color of the color wheel: `turns` is the position on it; the three waves are a third of a turn apart.
static void hue(double turns, double color[3]) {
  for (int c = 0; c < 3; c++) color[c] = wave(turns + c / 3.0);
}

// A closed outline: at ring coordinate 0, 1/4, 1/2, 3/4 a diamond, a disc, a square and a plus, blended between.
typedef struct { double x, y, radius, place; direction turn; } outline;

static outline draw_outline(source *s, double place, double wander, double small, double large) {
  double x = SIDE / 2.0 + between(s, -wander, wander), y = SIDE / 2.0 + between(s, -wander, wander);
  double radius = between(s, small, large);
  return (outline){x, y, radius, place, unit(1, between(s, -0.2, 0.2))};
}

// The fraction of the pixel that the shape covers: 1 inside, 0 outside, with an edge one pixel wide.
static double coverage(const outline *o, double px, double py) {
  double rx = px - o->x, ry = py - o->y;
  double x = rx * o->turn.x + ry * o->turn.y, y = ry * o->turn.x - rx * o->turn.y;
  x = x < 0 ? -x : x;
  y = y < 0 ? -y : y;
  double larger = x > y ? x : y, smaller = x > y ? y : x;
  double distance[4] = {0.8 * (x + y), __builtin_elementwise_sqrt(x * x + y * y), 1.12 * larger,
                        0.85 * (larger > 2.8 * smaller ? larger : 2.8 * smaller)};
  double along = fraction(o->place) * 4;
  int first = (int)along;
  double share = along - first;
  double d = distance[first & 3] * (1 - share) + distance[(first + 1) & 3] * share;
  double cover = o->radius - d + 0.5;
  return cover < 0 ? 0 : cover > 1 ? 1 : cover;
}

typedef struct { outline shape; double color[3]; } distractor;

void ek_synthetic_image(uint64_t key, const ek_synthetic *knobs, double stripes_place, double shape_place,
                          double spacing, uint8_t *planes) {
  uint64_t mode = ek_float_mode_enter();
  // Every cue shows the class with an independent error, so neighbors on the ring overlap in each cue.
  double error[5];
  ek_normals(EK_F64, key, DRAWS_NORMAL, 0, 0, 5, error);
  double cue[5];
  for (int i = 0; i < 5; i++)
    cue[i] = fraction((i < 2 ? stripes_place : shape_place) + knobs->spread * spacing * error[i] + 16);

  source s = {key, 0};
  // Tilt and fineness are functions of the ring coordinate a quarter turn apart; together they determine it.
  grating ground = stripes(&s, triangle(cue[0]), 5 + 3 * wave(cue[1] + 0.25));
  grating fill = stripes(&s, 1 - triangle(cue[0]), 5 - 3 * wave(cue[1] + 0.25));
  double clutter_tilt = between(&s, 0, 1), clutter_cycles = between(&s, 1.5, 9);
  grating clutter = stripes(&s, clutter_tilt, clutter_cycles);
  outline shape = draw_outline(&s, cue[2], 6, 6, 10.5);
  double front[3], back[3];
  hue(cue[3], front);
  hue(cue[4] + 0.4, back);
  double vividness = between(&s, 0.05, 0.2), lightness = between(&s, 0.4, 0.6);
  double relief = between(&s, -0.16, 0.16), strength = between(&s, 0.6, 1.2) * knobs->contrast;
  double slope_x = between(&s, -0.006, 0.006), slope_y = between(&s, -0.006, 0.006);
  distractor others[8];
  uint32_t count = (uint32_t)ek_min(knobs->distractors, 8);
  for (uint32_t i = 0; i < count; i++) {
    others[i].shape = draw_outline(&s, between(&s, 0, 1), 14, 2, 4);
    hue(between(&s, 0, 1), others[i].color);
  }

  // A sum of four bytes has the standard deviation 147.8: close to normal and exact in integers.
  double grain = knobs->noise / 147.8;
  for (int p = 0; p < PIXELS; p++) {
    double x = p % SIDE + 0.5, y = p / SIDE + 0.5;
    double inside = coverage(&shape, x, y);
    double texture = strength * (at(&ground, x, y) * (1 - inside) + at(&fill, x, y) * inside);
    double light = lightness + slope_x * (x - 16) + slope_y * (y - 16) + relief * inside + texture
                   + knobs->clutter * at(&clutter, x, y);
    double color[3];
    for (int c = 0; c < 3; c++) color[c] = light + vividness * (back[c] * (1 - inside) + front[c] * inside);
    for (uint32_t i = 0; i < count; i++) {
      double cover = coverage(&others[i].shape, x, y);
      for (int c = 0; c < 3; c++)
        color[c] = color[c] * (1 - cover) + (lightness + 0.25 * others[i].color[c]) * cover;
    }
    uint32_t w[4];
    words(key, (uint32_t)p, DRAWS_NOISE, w);
    for (int c = 0; c < 3; c++) {
      uint32_t sum = (w[c] & 255) + (w[c] >> 8 & 255) + (w[c] >> 16 & 255) + (w[c] >> 24);
      double value = color[c] + grain * ((double)sum - 510);
      // Five bits a channel keep the packed files small.
      int level = value <= 0 ? 0 : value >= 1 ? 31 : (int)(value * 32);
      planes[c * PIXELS + p] = (uint8_t)(level * 8 + 4);
    }
  }
  ek_float_mode_restore(mode);
}
