"""Say who changed a prompt: the template's construct or a step of the deployment.

In: a mismatch of a deployment and its steps. Out: the steps that explain it, or none.
"""
