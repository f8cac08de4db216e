"""Billing periods, budgets to warn about, and what was exported to Stripe."""
