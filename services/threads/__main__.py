from kit.process import main
from services.threads.app import build
from services.threads.settings import ThreadsSettings

if __name__ == "__main__":
    main("threads", ThreadsSettings(), build)
