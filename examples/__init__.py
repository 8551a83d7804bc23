"""Examples: complete programs that use MicroFrame as its documentation recommends."""
