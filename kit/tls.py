"""Both sides of a connection between services show a certificate of one authority: mutual TLS."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import grpc


@dataclass(frozen=True)
class Tls:
    """Files in PEM: the own certificate with its key, and the authority that signs those of the others."""

    certificate: Path
    private_key: Path
    authority: Path

    def server_credentials(self) -> grpc.ServerCredentials:
        """Asks every client for a certificate; files that were renewed are taken with the next connection."""
        return grpc.dynamic_ssl_server_credentials(self._configuration(), self._configuration, True)

    def channel_credentials(self) -> grpc.ChannelCredentials:
        """Shows the own certificate, as it is now, and checks the server's against its name."""
        key, certificate = self._pair()
        return grpc.ssl_channel_credentials(self.authority.read_bytes(), key, certificate)

    def _configuration(self) -> grpc.ServerCertificateConfiguration:
        return grpc.ssl_server_certificate_configuration([self._pair()], self.authority.read_bytes())

    def _pair(self) -> tuple[bytes, bytes]:
        return self.private_key.read_bytes(), self.certificate.read_bytes()


def channel(target: str, tls: Tls | None, options: Sequence[tuple[str, object]]) -> grpc.aio.Channel:
    """A channel to the target, in plain text where there is no TLS."""
    if tls is None:
        return grpc.aio.insecure_channel(target, options=options)
    return grpc.aio.secure_channel(target, tls.channel_credentials(), options=options)


def listen(server: grpc.aio.Server, address: str, tls: Tls | None) -> int:
    """Makes the server listen; returns the port."""
    if tls is None:
        return server.add_insecure_port(address)
    return server.add_secure_port(address, tls.server_credentials())
