"""The load test of the older documents, by Artillery itself. Artillery takes 590 MB: `make load-test` runs this."""

import subprocess
import sys


def test_every_student_of_the_load_test_gets_an_answer() -> None:
    command = [sys.executable, "-m", "bench", "load_test", "--seconds", "10", "--rate", "10"]
    told = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    assert told.returncode == 0, told.stdout
    assert "100 answers, statuses {'200': 100}, 0 failed" in told.stdout
