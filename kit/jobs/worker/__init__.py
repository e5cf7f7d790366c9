"""The process that runs jobs: Dramatiq underneath, leases and fencing tokens around it."""
