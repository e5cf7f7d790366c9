"""What every service stands on: server, channels, auth, errors, settings, telemetry, the turn log."""

VERSION = "0.1.0"
