"""What a process says when a thread of it fails, and before it dies of a signal or an exit."""

import faulthandler
import os
import threading
import traceback
from collections.abc import Callable

from nodeflow.server.process.messages import Message, ThreadFailed

DEPTH = 50
leave = os._exit
"""How the process itself ends: without a word."""


def speak(send: Callable[[Message], None]) -> None:
    """From now on the stack of a thread that ends the process stands on stderr.

    That holds for fatal signals and for `os._exit`, which plugins may call. An exception that
    nobody caught in a thread is printed as ever, and sent.
    """
    faulthandler.enable(all_threads=False)
    process = os.getpid()

    def exit(code: int) -> None:
        if os.getpid() == process:
            faulthandler.dump_traceback(all_threads=False)
        leave(code)

    def failed(hook: threading.ExceptHookArgs) -> None:
        threading.__excepthook__(hook)
        if hook.exc_type is not SystemExit:
            files = [frame.filename for frame in traceback.extract_tb(hook.exc_traceback, -DEPTH)]
            error = traceback.format_exception_only(hook.exc_type, hook.exc_value)[-1].strip()
            send(ThreadFailed(tuple(reversed(files)), error[:500]))

    os._exit = exit  # type: ignore[assignment]
    threading.excepthook = failed
