"""What a transcoder can't do: pages, uploads, and the protocols that are not gRPC."""
