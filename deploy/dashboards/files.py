"""All dashboards, and the files that they become."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from deploy.dashboards import boards
from deploy.dashboards.board import Board

FOLDER = Path(__file__).resolve().parents[1] / "helm" / "monitoring" / "dashboards"

BOARDS: Sequence[Board] = (
    boards.overview.BOARD,
    boards.chat.BOARD,
    boards.providers.BOARD,
    boards.jobs.BOARD,
    boards.caches.BOARD,
    boards.sockets.BOARD,
    boards.services.BOARD,
    boards.stores.BOARD,
    boards.edge.BOARD,
)


def rendered() -> Mapping[str, str]:
    """The text of each file by its name, the same whenever the code is the same."""
    return {
        f"{board.name}.json": json.dumps(board.build(), cls=JSONEncoder, indent=2, sort_keys=True) + "\n"
        for board in BOARDS
    }
