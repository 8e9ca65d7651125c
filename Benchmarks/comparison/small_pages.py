"""Runs a program without huge pages: small_pages.py PROGRAM [ARGUMENT ...]

Linux only: elsewhere the exit code is 69.
"""

import ctypes
import os
import sys

PR_SET_THP_DISABLE = 41  # linux/prctl.h; a program keeps the setting across exec

if not sys.platform.startswith("linux") or ctypes.CDLL(None).prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) != 0:
    print("small_pages: this system cannot turn huge pages off for one process", file=sys.stderr)
    sys.exit(69)
os.execv(sys.argv[1], sys.argv[1:])
