// Description:
//   The task with Hubot: keep each text message durably, then answer it. A line of JSON, synced: it has no database of its own.

const fs = require('fs');

const file = fs.openSync(process.env.PEER_DB, 'a');

module.exports = (robot) => {
  robot.hear(/[\s\S]+/, (message) => {
    const { id, room, text } = message.message;
    fs.writeSync(file, `${JSON.stringify({ chat: room, message: id, text, sent_at: Date.now() })}\n`);
    fs.fdatasyncSync(file);
    message.send(`saved   ${text}`);
  });
};
