"""Promise 10: one sentence for staff on every reminder."""

from reminders.care.explain.decide import Explanation, explain, explain_message, sentence

__all__ = ["Explanation", "explain", "explain_message", "sentence"]
