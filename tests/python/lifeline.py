"""Ends a server with the test that started it.

The test holds our standard input open for as long as it lives. When it ends, however it ends, the
pipe closes and this process goes with all its children: no emulator and no function stays behind.
"""

import os
import shutil
import signal
import sys
import threading


def hold():
    """Watches the pipe from now on; the folder TMPDIR is removed at the end."""
    os.setpgrp()
    threading.Thread(target=_end_with_parent, args=(os.environ["TMPDIR"],), daemon=True).start()


def _end_with_parent(scratch):
    sys.stdin.buffer.read()
    shutil.rmtree(scratch, ignore_errors=True)
    os.killpg(os.getpgrp(), signal.SIGKILL)
