"""Read queries for the screens: async, read-only, one module per noun, records out.

They take an `AsyncConnection`, never commit, and page by keyset. Times are market times unless the
name starts with `real_`; money is Decimal. What the API shows is listed in these records: no table
row leaves the store as it is.
"""
