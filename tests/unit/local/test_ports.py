import socket
import subprocess
import sys
from itertools import islice
from pathlib import Path

from local.ports import HOST, free_ports, is_free, public_port


def test_a_taken_port_gives_way_to_the_next_free_one() -> None:
    with socket.socket() as taken:
        taken.bind((HOST, next(free_ports())))
        taken.listen()
        wanted = taken.getsockname()[1]
        chosen = public_port(wanted)
        assert not is_free(wanted)
    assert chosen > wanted


def test_a_free_port_is_taken_as_wanted() -> None:
    wanted = next(free_ports())
    assert public_port(wanted) == wanted


def test_no_port_is_given_twice() -> None:
    ports = list(islice(free_ports(), 50))
    assert len(set(ports)) == len(ports)


def test_another_process_is_not_given_what_is_about_to_be_used() -> None:
    given = next(free_ports())
    script = f"from local import ports; print(ports.is_free({given}), ports._claim({given}))"
    root = Path(__file__).parents[3]
    said = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True).stdout
    free, claimed = said.split()
    assert (free, claimed) == ("True", "False")
