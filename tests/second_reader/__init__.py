"""Where the second reader learns (`make second-reader`): labelled replies in, reminders/triage/second_reader/weights out."""
