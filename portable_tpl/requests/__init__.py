"""What a chat request may hold, once: read by the types, the generators, the judge of tiers and the probes."""
