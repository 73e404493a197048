"""One blueprint for each area of the product."""
