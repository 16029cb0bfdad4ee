"""The task with python-telegram-bot: keep each text message durably, then answer it."""

import asyncio
import os
import sqlite3

from telegram import Update
from telegram.ext import ApplicationBuilder, ContextTypes, MessageHandler, filters

DB = sqlite3.connect(os.environ["PEER_DB"], check_same_thread=False)
DB.executescript(
    """
    pragma journal_mode = wal;
    pragma synchronous = full;
    create table if not exists messages (
        chat integer not null, message integer not null, sender integer, text text not null, sent_at integer not null,
        primary key (chat, message)
    );
    """
)


def keep(message) -> None:
    with DB:
        DB.execute(
            "insert or ignore into messages (chat, message, sender, text, sent_at) values (?, ?, ?, ?, ?)",
            (message.chat_id, message.message_id, message.from_user.id, message.text, int(message.date.timestamp())),
        )


async def answer(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
    await asyncio.to_thread(keep, update.message)
    await update.message.reply_text(f"saved   {update.message.text}")


def main() -> None:
    url = os.environ["TELEGRAM_API_URL"]
    application = (
        ApplicationBuilder()
        .token(os.environ["TELEGRAM_BOT_TOKEN"])
        .base_url(f"{url}/bot")
        .base_file_url(f"{url}/file/bot")
        .build()
    )
    application.add_handler(MessageHandler(filters.TEXT, answer))
    application.run_polling(allowed_updates=["message"])


if __name__ == "__main__":
    main()
