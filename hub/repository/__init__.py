"""Signed policy as it lies on the hub's disk. Nothing here trusts it, and nothing here can sign it.

files         each tenant's repository, immutable but for its newest timestamp
publication   what is put there at once, read strictly
shelf         what was read of one before, by digest
"""
