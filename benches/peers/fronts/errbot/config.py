"""Errbot on Telegram, as far as its configuration goes."""

import logging
import os

import telegram

# Its Telegram backend has no setting for another server.
_URL = os.environ["TELEGRAM_API_URL"]
_Bot = telegram.Bot
telegram.Bot = lambda token: _Bot(token=token, base_url=f"{_URL}/bot", base_file_url=f"{_URL}/file/bot")

BACKEND = "Telegram"
BOT_IDENTITY = {"token": os.environ["TELEGRAM_BOT_TOKEN"]}
BOT_DATA_DIR = os.path.join(os.path.dirname(os.environ["PEER_DB"]), "errbot")
os.makedirs(BOT_DATA_DIR, exist_ok=True)
BOT_EXTRA_PLUGIN_DIR = os.path.join(os.path.dirname(os.path.abspath(__file__)), "plugins")
BOT_LOG_FILE = os.path.join(BOT_DATA_DIR, "errbot.log")
BOT_LOG_LEVEL = logging.WARNING
BOT_ADMINS = ("1001",)
BOT_PREFIX_OPTIONAL_ON_CHAT = False
CORE_PLUGINS = ()
