"""`python -m services.inference` runs the service."""

from kit.process import main
from services.inference.app import build
from services.inference.settings import InferenceSettings

if __name__ == "__main__":
    main("inference", InferenceSettings(), build)
