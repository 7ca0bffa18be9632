"""How much the product costs, beside the plainest program that could do the same."""
