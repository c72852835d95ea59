"""What each target supports: features with probes, and tables of measured answers."""
