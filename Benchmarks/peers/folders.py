#!/usr/bin/env python3
"""The order in which torchvision's ImageFolder lists a directory of odd names: what LongTailTests expect.

usage: pip install torchvision; folders.py

Prints one line an image, `path label`, with what is not ASCII escaped. The recorded run is torchvision 0.29.2.
"""

import os
import tempfile

from torchvision.datasets import ImageFolder

FILES = (
    "b/1.jpg", "b/sub/2.PNG", "b/sub-1/3.jpeg", "b/sub.1/4.webp", "b/sub/a/5.tif", "b/note.txt", "b/.hidden.jpg",
    "b/10.jpg", "b/9.jpg", "b/Z.jpg", "b/x.jpg.bak", "b/.JPG", "b/jpg", "b/e\u0301.jpg", "b/\u00e9.jpg", "b/a b.bmp",
    "B/1.pgm", "10/x.ppm", "9/x.tiff", "\u00e9/x.jpg", "e\u0301/x.jpg", "\U0001f600/x.jpg", "\ufb00/x.jpg",
    "a b/x.jpg", ".dot/x.jpg", "top.jpg")
LINKS = (("linked", "b"), ("b/link.jpg", "../B/1.pgm"), ("b/broken.jpg", "nowhere"), ("dangling", "nowhere"))


def main():
    with tempfile.TemporaryDirectory() as root:
        for name in FILES:
            path = os.path.join(root, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            open(path, "wb").close()
        for name, target in LINKS:
            os.symlink(target, os.path.join(root, name))
        for path, label in ImageFolder(root).samples:
            print(os.path.relpath(path, root).encode("unicode_escape").decode(), label)


main()
