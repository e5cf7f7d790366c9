from kit.process import main
from services.gateway.app import build
from services.gateway.settings import GatewaySettings

if __name__ == "__main__":
    main("gateway", GatewaySettings(), build)
