"""Asking a network "what if": windows, masks, references, and the loop of perturbed forwards."""
