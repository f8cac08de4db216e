"""Running it: units, an image, examples for what stands around; sizes measures what a machine has to have."""
