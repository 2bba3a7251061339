"""The sandbox's two mail servers: SMTP takes what our software sends, IMAP shows what came for the clinic."""

from reminders.errors import SettingsError
from reminders.sandbox.carrier import Carrier
from reminders.sandbox.imap import ImapServer
from reminders.sandbox.mailbox import Mailbox
from reminders.settings import Settings


class MailServers:
    """Both, from `start` to `close`."""

    def __init__(self, settings: Settings, carrier: Carrier) -> None:
        self._smtp = Mailbox(settings, carrier)
        self._imap = ImapServer(settings, carrier)

    def start(self) -> None:
        """Begin to listen.

        Raises:
            SettingsError: something else listens on one of the ports; then neither does.
        """
        self._smtp.start()
        try:
            self._imap.start()
        except SettingsError:
            self._smtp.close()
            raise

    def close(self) -> None:
        """Stop listening."""
        self._imap.close()
        self._smtp.close()
