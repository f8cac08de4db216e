"""What people are told, by which channel: subscriptions, the outbox, one-use links, delegations, webhooks."""
