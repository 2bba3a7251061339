"""What providers tell us: signature first, then keep, then understand."""

from fastapi import APIRouter

from reminders.web.webhooks import inbound, receipts, voice

router = APIRouter(prefix="/webhooks/twilio", include_in_schema=False)
for module in (inbound, receipts, voice):
    router.include_router(module.router)
