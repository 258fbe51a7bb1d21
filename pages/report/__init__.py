"""The report: every figure of the app in one page that needs no server and no network.

`python -m pages.report FOLDER`, or `prh export`.
"""
