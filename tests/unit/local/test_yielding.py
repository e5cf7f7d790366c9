import os
import subprocess
import sys
from pathlib import Path

from local import yielding

TELLS = "import os; print(os.getpid(), os.nice(0))"


def test_a_command_becomes_the_process_and_leaves_the_processor_to_others() -> None:
    command = [sys.executable, "-I", "-S", yielding.__file__, sys.executable, "-c", TELLS]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        said, _ = process.communicate()
    assert said.split() == [str(process.pid), str(os.nice(0) + yielding.NICENESS)]


def test_without_a_session_of_its_own_it_leaves_that_of_its_parent_as_it_is() -> None:
    if not (group := Path("/proc/self/autogroup")).exists():
        return
    before = group.read_text()
    subprocess.run([sys.executable, "-I", "-S", yielding.__file__, sys.executable, "-c", ""], check=True)
    assert group.read_text() == before
