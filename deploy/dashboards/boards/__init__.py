"""The dashboards, one a module."""

from deploy.dashboards.boards import caches, chat, edge, jobs, overview, providers, services, sockets, stores

__all__ = ["caches", "chat", "edge", "jobs", "overview", "providers", "services", "sockets", "stores"]
