"""What tenants used, by billing period, and its way into invoices.

periods    months that begin on a tenant's own day
meters     which totals are exported, and in which unit
table      a period's usage as CSV
spending   warnings before a period's limit is reached
export     meter events: made once for what is new, sent until the answer is known
stripe_api the official library, as far as it is used here
"""
