"""What models may cost, and what they did.

budgets   holds agents to their limits
sums      what was spent and what is held
owed      what could not be written down yet
prices    what a model costs
prefixes  how requests begin, and what broke a provider's cache
"""
