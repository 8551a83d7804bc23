"""The benchmarks themselves: what they measure answers, and what they write stays."""
