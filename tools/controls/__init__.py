"""The controls of docs/threat-model.md, taken out one after another to see whether their tests notice."""
