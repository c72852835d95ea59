"""Sets of values: kinds, shapes, and how they are made, joined and named."""
