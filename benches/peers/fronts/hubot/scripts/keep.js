// Description:
//   The task with Hubot: keep each text message durably, then answer it.

const Database = require('better-sqlite3');

const db = new Database(process.env.PEER_DB);
db.pragma('journal_mode = wal');
db.pragma('synchronous = full');
db.exec(`
  create table if not exists messages (
    chat integer not null, message integer not null, sender integer, text text not null, sent_at integer not null,
    primary key (chat, message)
  )
`);
const keep = db.prepare('insert or ignore into messages (chat, message, sender, text, sent_at) values (?, ?, ?, ?, ?)');

module.exports = (robot) => {
  robot.hear(/[\s\S]+/, (response) => {
    const { id, room, text, user } = response.message;
    keep.run(room, Number(id), Number(user.id), text, Math.floor(Date.now() / 1000));
    response.send(`saved   ${text}`);
  });
};
