"""Shapley values of tables: which coalitions are asked for, what they are worth, and the solve."""
