"""The task as an Errbot plugin: keep each text message durably, then answer it."""

import os
import sqlite3
import time

from errbot import BotPlugin


class Keep(BotPlugin):
    """Keeps what is said."""

    def activate(self):
        super().activate()
        self.db = sqlite3.connect(os.environ["PEER_DB"], check_same_thread=False)
        self.db.executescript(
            """
            pragma journal_mode = wal;
            pragma synchronous = full;
            create table if not exists messages (
                chat integer not null, message integer not null, sender integer, text text not null, sent_at integer not null,
                primary key (chat, message)
            );
            """
        )

    def callback_message(self, mess):
        """Called in turn with each message."""
        with self.db:
            self.db.execute(
                "insert or ignore into messages (chat, message, sender, text, sent_at) values (?, ?, ?, ?, ?)",
                (int(mess.frm.id), mess.extras["message_id"], int(mess.frm.id), mess.body, int(time.time())),
            )
        self.send(mess.frm, f"saved   {mess.body}")
