"""The engines: adapters, worker processes and deployments; the only code that starts processes."""
