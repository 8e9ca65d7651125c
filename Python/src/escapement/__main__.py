"""`python -m escapement` is the command-line tool."""

from . import main

main()
