"""The rules: one file each. A rule asks the parsed template, its types and the support table, never a runtime."""
