"""Reviews: flows, contracts, queues, items, policies, sign-off, delivery."""
