"""The engines: adapters, worker processes and deployment profiles; the only code that starts processes."""
