"""Promise 10: one sentence for staff on every reminder."""

from reminders.care.explain.decide import Explanation, ended_once, explain, explain_message, sentence

__all__ = ["Explanation", "ended_once", "explain", "explain_message", "sentence"]
