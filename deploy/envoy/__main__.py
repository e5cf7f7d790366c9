"""Writes the edge's configuration from the environment: `python -m deploy.envoy /etc/envoy/envoy.yaml`."""

import os
import sys
from pathlib import Path

from deploy.envoy.config import EdgeConfig
from deploy.envoy.render import write
from kit.older_settings import advice


def main() -> None:
    """Render into the file that is named on the command line."""
    if len(sys.argv) != 2:
        sys.exit("Usage: python -m deploy.envoy TARGET")
    for told in advice(os.environ):
        sys.stderr.write(f"{told}\n")
    write(EdgeConfig.from_environment(os.environ), Path(sys.argv[1]))


if __name__ == "__main__":
    main()
