"""Run the probes of the features on the engines and write the support table.

In: features with probes and a running engine. Out: one measured answer a probe.
"""
