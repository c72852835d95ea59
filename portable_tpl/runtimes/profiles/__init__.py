"""Deployments: one file each, with what surrounds the engine there as data and small named transforms."""
