#!/usr/bin/env python3
"""Products of square matrices by the system's OpenBLAS, driven by standard input.

usage: openblas.py sgemm-N --threads N

OPENBLAS_CORETYPE in the environment chooses the kernels: SkylakeX those for AVX-512, Haswell those for AVX2.
"""

import array
import ctypes
import ctypes.util
import random
import re

import protocol


def matrix(count, memory):
    """`count` floats at an address that is a multiple of 64, from 4096 normals over and over."""
    block = ctypes.create_string_buffer(4 * count + 64)
    memory.append(block)
    address = (ctypes.addressof(block) + 63) // 64 * 64
    normals = array.array("f", (random.gauss(0, 1) for _ in range(4096))).tobytes()
    for start in range(0, 4 * count, len(normals)):
        ctypes.memmove(address + start, normals, min(len(normals), 4 * count - start))
    return ctypes.c_void_p(address)


def main():
    options = protocol.arguments(__doc__)
    match = re.fullmatch(r"sgemm-([1-9][0-9]*)", options.case)
    if not match:
        protocol.fail(f'no case "{options.case}"')
    n = int(match[1])
    protocol.environment(options)
    name = ctypes.util.find_library("openblas")
    if name is None:
        protocol.fail("no OpenBLAS on this system: apt-get install libopenblas0-pthread", 69)
    library = ctypes.CDLL(name)
    library.openblas_set_num_threads(options.threads)
    library.openblas_get_config.restype = ctypes.c_char_p
    memory = []
    a, b, c = (matrix(n * n, memory) for _ in range(3))
    sgemm = library.cblas_sgemm
    one, zero, size = ctypes.c_float(1), ctypes.c_float(0), ctypes.c_int(n)
    row_major, plain = ctypes.c_int(101), ctypes.c_int(111)

    def run():
        sgemm(row_major, plain, plain, size, size, size, one, a, size, b, size, zero, c, size)

    protocol.serve(options.case, 2 * n**3, "flop", run)


main()
