"""What a chat request may hold, once: read by the types, the generators, the judge of tiers and the probes.

In: nothing. Out: fields, roles, flags, tools' schemas and the tiers, as data.
"""
