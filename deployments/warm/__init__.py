"""The Prefect worker type `perpflow-warm`; importing this registers it."""

from deployments.warm.worker import WarmWorker

__all__ = ["WarmWorker"]
