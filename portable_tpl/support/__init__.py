"""What each target supports: features with probes, and tables of measured answers.

In: a feature and a target at a version. Out: yes, no, differs, flag or unknown; or, of a construct, its feature's id.
"""
