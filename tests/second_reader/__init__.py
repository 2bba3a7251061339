"""Where the second reader learns (`make second-reader`): labelled replies in, its weights out."""
