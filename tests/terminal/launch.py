"""What stands between the tests and the program: takes the terminal, sets a limit, and is gone.

Done here and not between fork and exec of the tests' own process, which has threads.
"""

import fcntl
import os
import resource
import sys
import termios


def main() -> None:
    """`launch.py LIMIT COMMAND ...`: LIMIT is the longest file that may be written; 0 for any."""
    limit, *command = sys.argv[1:]
    fcntl.ioctl(1, termios.TIOCSCTTY, 0)
    if int(limit):
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
