"""The reference, watched: which branches were taken and what each expression gave."""
