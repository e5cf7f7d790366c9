from kit.jobs.dispatcher.app import build
from kit.jobs.settings import DispatcherSettings
from kit.process import main

if __name__ == "__main__":
    main("dispatcher", DispatcherSettings(), build)
