"""Ctrl-C must reach Python."""

from __future__ import annotations

import signal
import threading


def let_ctrl_c_raise() -> None:
    """Make Ctrl-C do again what Python says that it does, as a rule raise KeyboardInterrupt.

    One of MindSpore's first operations puts a handler of its own below Python's, which kills the
    process on the spot: what is buffered would be lost. So this is called after each of them.
    """
    handler = signal.getsignal(signal.SIGINT)
    if handler is not None and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, handler)
