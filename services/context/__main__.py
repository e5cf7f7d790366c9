"""The context service: courses, transcripts, and what turns are grounded in."""

from kit.process import main
from services.context.app import build
from services.context.settings import ContextSettings

if __name__ == "__main__":
    main("context", ContextSettings(), build)
