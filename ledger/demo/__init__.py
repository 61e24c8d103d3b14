"""The demo (演示): 广西 and 广东 after 2015, told with invented people, on real paths only.

`world` sets up the two provinces, `people` invents those who work away, `story` lets it happen.
"""
