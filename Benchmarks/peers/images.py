#!/usr/bin/env python3
"""What Pillow makes of one small image: the values that LongTailTests hold the package's own image code to.

usage: pip install pillow==12.2.0 numpy; images.py

Prints one line a case: its name and the SHA-256 of the RGB bytes, row by row. Behind an empty line follow small files
in base64, each with the SHA-256 of what Pillow decodes it to, or the word "refused": JPEG files, damaged JPEG files and
PNG files.

The recorded run is Pillow 12.2.0 on x86-64. Pillow 9.5, 10.4, 11.3, 12.0 and 12.1 print the same digests of the cases.
Pillow 13.0 resizes down before across where an image becomes wider and lower, so "resize 200x31" differs there: a fifth
of its bytes, by one level. The files differ with the versions of libjpeg-turbo and zlib that write them, and are
therefore kept in the tests. Pillow 10.4 to 13.0 decode them alike; 9.5 has other colors for indices beyond a palette.
"""

import base64
import hashlib
import io
import struct
import zlib

import numpy
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

WIDTH, HEIGHT = 61, 47


def procedural(width=WIDTH, height=HEIGHT):
    """Bytes that differ from their neighbors in every direction and channel."""
    return Image.frombytes("RGB", (width, height), bytes(
        (3 * x * x + 5 * x * y + 7 * y * y + 85 * c + 11 * x) // (2 + c) % 256
        for y in range(height) for x in range(width) for c in range(3)))


def smooth(width=WIDTH, height=HEIGHT):
    """Gradients, which JPEG keeps well."""
    return Image.frombytes("RGB", (width, height), bytes(
        (value * 255) // limit
        for y in range(height) for x in range(width)
        for value, limit in ((x, width), (y, height), (x + y, width + height))))


def digest(image):
    return hashlib.sha256(image.convert("RGB").tobytes()).hexdigest()


def resize_and_crop(image, shorter, side):
    """torchvision's Resize(shorter) and CenterCrop(side) on a PIL image."""
    width, height = image.size
    if width <= height:
        size = (shorter, int(shorter * height / width))
    else:
        size = (int(shorter * width / height), shorter)
    image = image.resize(size, Image.BILINEAR)
    left, top = round((size[0] - side) / 2.0), round((size[1] - side) / 2.0)
    return image.crop((left, top, left + side, top + side))


def geometry(image):
    yield "source", image
    for size in ((61, 47), (30, 23), (7, 5), (1, 1), (122, 94), (200, 31), (17, 90), (61, 20), (20, 47)):
        yield f"resize {size[0]}x{size[1]}", image.resize(size, Image.BILINEAR)
    for shorter, side in ((32, 28), (33, 28), (96, 80), (20, 20), (47, 40)):
        yield f"shorter side {shorter}, center {side}", resize_and_crop(image, shorter, side)
    tall = image.transpose(Image.Transpose.ROTATE_90)
    yield "tall, shorter side 32, center 27", resize_and_crop(tall, 32, 27)
    for left, top, width, height in ((5, 3, 40, 37), (0, 0, 61, 9), (50, 40, 11, 7)):
        window = image.crop((left, top, left + width, top + height))
        yield f"window {left},{top},{width},{height} to 24", window.resize((24, 24), Image.BILINEAR)
    yield "flipped", image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)


def color(image):
    for name, enhancer in (("brightness", ImageEnhance.Brightness), ("contrast", ImageEnhance.Contrast),
                           ("saturation", ImageEnhance.Color)):
        for factor in (0.6, 0.73, 0.999, 1.0, 1.001, 1.27, 1.4, 0.0):
            yield f"{name} {factor}", enhancer(image).enhance(factor)


def shifted_hue(image, turns):
    """torchvision's adjust_hue of a PIL image."""
    hue, saturation, value = image.convert("HSV").split()
    moved = (numpy.array(hue).astype(int) + int(turns * 255)) % 256
    return Image.merge("HSV", (Image.fromarray(moved.astype(numpy.uint8)), saturation, value)).convert("RGB")


def colors():
    """Every color whose channels are multiples of 3."""
    steps = numpy.arange(0, 256, 3, dtype=numpy.uint8)
    grid = numpy.stack(numpy.meshgrid(steps, steps, steps, indexing="ij"), axis=-1)
    return Image.frombytes("RGB", (len(steps) ** 2, len(steps)), grid.tobytes())


def turned(image, degrees):
    """A rotation that shows gray where nothing of the image is."""
    turned = image.convert("RGBA").rotate(degrees)
    return Image.composite(turned, Image.new("RGBA", image.size, (128,) * 4), turned).convert("RGB")


def affine(image, matrix, resample=Image.NEAREST):
    return image.transform(image.size, Image.AFFINE, matrix, resample, fillcolor=(128, 128, 128))


def levels(image):
    """AutoAugment's operations at a level in 0...9 with a sign, in the ranges of github.com/DeepVoltaire/AutoAugment."""
    width, height = image.size
    return {
        "shearX": lambda k, s: affine(image, (1, s * 0.3 * k / 9, 0, 0, 1, 0), Image.BICUBIC),
        "shearY": lambda k, s: affine(image, (1, 0, 0, s * 0.3 * k / 9, 1, 0), Image.BICUBIC),
        "translateX": lambda k, s: affine(image, (1, 0, s * 150 / 331 * k / 9 * width, 0, 1, 0)),
        "translateY": lambda k, s: affine(image, (1, 0, 0, 0, 1, s * 150 / 331 * k / 9 * height)),
        "rotate": lambda k, s: turned(image, 30 * k / 9),
        "color": lambda k, s: ImageEnhance.Color(image).enhance(1 + s * 0.9 * k / 9),
        "brightness": lambda k, s: ImageEnhance.Brightness(image).enhance(1 + s * 0.9 * k / 9),
        "contrast": lambda k, s: ImageEnhance.Contrast(image).enhance(1 + s * 0.9 * k / 9),
        "sharpness": lambda k, s: ImageEnhance.Sharpness(image).enhance(1 + s * 0.9 * k / 9),
        "posterize": lambda k, s: ImageOps.posterize(image, round(8 - 4 * k / 9)),
        "solarize": lambda k, s: ImageOps.solarize(image, 256 - 256 * k / 9),
        "autoContrast": lambda k, s: ImageOps.autocontrast(image),
        "equalize": lambda k, s: ImageOps.equalize(image),
        "invert": lambda k, s: ImageOps.invert(image),
    }


def together(images):
    """The digest of several images, one after another."""
    return hashlib.sha256(b"".join(image.tobytes() for image in images)).hexdigest()


def augmentations(image):
    """The image is the quarter of the procedural one that has no byte above 191: its contrast can be stretched."""
    image = image.crop((0, 0, 32, 32)).point(lambda v: 16 + v * 11 // 16)
    yield "source of augmentation", digest(image)
    for name, operation in levels(image).items():
        yield name, together(operation(k, s) for k in range(10) for s in (1, -1))
    yield "hue", together(shifted_hue(colors(), turns) for turns in (-0.5, -0.1, -0.003, 0, 0.04, 0.1, 0.5))
    yield "gray", digest(image.convert("L"))
    for deviation in (0.1, 0.7, 1.3, 2.0, 9.0):
        yield f"blur {deviation}", digest(image.filter(ImageFilter.GaussianBlur(deviation)))


def oriented(image):
    """The image by each Exif orientation, which a PNG file states in its eXIf chunk."""
    for orientation in range(1, 9):
        target = io.BytesIO()
        exif = Image.Exif()
        exif[0x0112] = orientation
        image.save(target, "PNG", exif=exif)
        yield f"orientation {orientation}", ImageOps.exif_transpose(Image.open(target))


def jpegs():
    """JPEG files of 24 by 17 pixels: every kind of component and sampling, sequential and progressive."""
    image = smooth(24, 17)
    cmyk = Image.merge("CMYK", image.split() + (image.convert("L").point(lambda v: v // 2),))
    for name, variant, options in (
            ("gray", image.convert("L"), {}), ("sampled 4:4:4", image, {"subsampling": 0}),
            ("sampled 4:2:2", image, {"subsampling": 1}), ("sampled 4:2:0", image, {"subsampling": 2}),
            ("progressive", image, {"progressive": True}), ("restarts", image, {"restart_marker_rows": 1}),
            ("RGB components", image, {"keep_rgb": True}), ("CMYK", cmyk, {})):
        target = io.BytesIO()
        variant.save(target, "JPEG", quality=80, optimize=True, **options)
        yield name, target.getvalue()
        if name == "CMYK":
            # libjpeg converts from YCCK where Adobe's marker says so.
            at = target.getvalue().index(b"Adobe") + 11
            yield "YCCK", target.getvalue()[:at] + bytes([2]) + target.getvalue()[at + 1:]


def damaged_jpegs():
    """The same with damage of which libjpeg only warns, or which Pillow refuses."""
    files = dict(jpegs())
    for name in ("sampled 4:2:0", "progressive"):
        data = files[name]
        scan, end = data.index(b"\xff\xda"), len(data) - 2
        yield f"{name}, scan ended early", data[:end - 20] + data[end:]
        yield f"{name}, changed byte", data[:end - 12] + bytes([data[end - 12] ^ 0x55]) + data[end - 11:]
        yield f"{name}, taller than its data", data.replace(struct.pack(">HH", 17, 24), struct.pack(">HH", 64, 24))
        yield f"{name}, without its end", data[:end]
        if name == "progressive":
            continue
        yield f"{name}, junk before the tables", data[:20] + b"junk" + data[20:]
        yield f"{name}, junk before the scan", data[:scan] + b"junk" + data[scan:]
        yield f"{name}, junk before the end", data[:end] + b"junk" + data[end:]
        yield f"{name}, second start", data[:2] + data
    restarts = files["restarts"]
    at = restarts.index(b"\xff\xd0")
    yield "restart marker lost", restarts[:at] + restarts[at + 2:]


def chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


# First column and row, distance of columns and rows of Adam7's passes.
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def pngs():
    """PNG files of 11 by 9 pixels of every color type and depth, plain and interlaced, with every filter."""
    width, height = 11, 9
    for kind, name, channels, depths in ((0, "gray", 1, (1, 2, 4, 8, 16)), (2, "RGB", 3, (8, 16)),
                                         (3, "palette", 1, (1, 2, 4, 8)), (4, "gray and alpha", 2, (8, 16)),
                                         (6, "RGBA", 4, (8, 16))):
        for depth in depths:
            for interlaced in (0, 1):
                rows, state = b"", 1
                for left, top, across, down in ADAM7 if interlaced else ((0, 0, 1, 1),):
                    columns = -(-(width - left) // across)
                    for y in range(top, height, down):
                        rows += bytes([y % 5])
                        for x in range(-(-columns * channels * depth // 8)):
                            state = state * 1103515245 + 12345 & 0x7FFFFFFF
                            # Gray of 16 bits lies below 256 here and there.
                            rows += bytes([state >> 16 & 255 if kind or depth < 16 or x % 8 else 0])
                size = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlaced)
                colors = min(1 << depth, 200) - (depth == 4)
                palette = chunk(b"PLTE", bytes(i * 89 % 256 for i in range(3 * colors))) if kind == 3 else b""
                clear = {0: b"\0\0", 2: bytes(6), 3: bytes([0, 128])}.get(kind)
                data = zlib.compress(rows, 9)
                for label, extra in (("", b""), (", transparent", chunk(b"tRNS", clear) if clear else b"")):
                    if label and (not clear or interlaced or depth not in (1, 8)):
                        continue
                    yield (f"{name} {depth}{', interlaced' if interlaced else ''}{label}",
                           b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + palette + extra
                           + chunk(b"IDAT", data[:40]) + chunk(b"IDAT", data[40:]) + chunk(b"IEND", b""))


def main():
    image = procedural()
    for name, result in (*geometry(image), *color(image), *oriented(image)):
        print(f"{name}\t{digest(result)}")
    for name, result in augmentations(image):
        print(f"{name}\t{result}")
    for files in (jpegs, damaged_jpegs, pngs):
        print()
        for name, data in files():
            try:
                result = digest(Image.open(io.BytesIO(data)))
            except OSError:
                result = "refused"
            print(f"{name}\t{result}\t{base64.b64encode(data).decode()}")


main()
