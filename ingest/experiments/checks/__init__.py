"""Does a metric measure what it should: six tests on networks of which the answer is known."""
