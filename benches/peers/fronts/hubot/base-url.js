// hubot-telegram has no setting for another server; its library takes one.
const TelegramBot = require('node-telegram-bot-api');

TelegramBot.prototype._buildURL = function (path) {
  return `${process.env.TELEGRAM_API_URL}/bot${this.token}/${path}`;
};
