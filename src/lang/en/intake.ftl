# What people are answered besides views of items: refusals, pairing, questions, welcomes, reports.

asked-for-words = answer this message with the words
asked-for-words-toast = Answer with the words
welcome-board = Board
button-forget = Forget { $who }
welcome-help = Help
welcome-next = Next
button-no = No
button-that-is-me = Yes, that is me
claim-command = /claim CODE
claim-done = You own me now, { $name }. Write a sentence and I keep it as { $bucket }, or try:
claim-owned = Not done: I belong to somebody already. Say anything else, and I give you a code to be let in with.
claim-owned-by = Not done: I belong to { $owner } already.
claim-somebodys = Nothing to claim: I have an owner.
claim-too-often = Too many wrong codes. Try again in an hour.
claim-wrong = That is not the claim code. It is 8 letters and digits, printed when I was started; { $command } prints it again.
claim-yours = Nothing to claim: you are my owner already.
deleted-deed = taking back what a message did
deleted-stays = The message is deleted, what it did stays.
edit-no-command = Not changed: what this message did is not undone by making it a sentence.
edit-no-command-on = Not changed: what this message did to { $item } is not undone by making it a sentence.
edit-not-yours = Not changed: somebody else wrote what this message made.
edit-other-bucket = Not changed: this message made { $item }, and an edit does not make it { $bucket ->
    [idea] an idea
    [research] a research
    [todo] a todo
   *[pr] a pr
}.
edit-something-else = Not changed: this message made an item, and now it says something else. Send that as a new message.
example-help = /help
example-todo = /todo Fix login #auth !high due:fri
example-todo-short = /todo Fix login
forget-ask = Forget { $who } for ever?
forget-ask-too = Forget { $who }, and with them who they were once: { $once }, for ever?
forget-half = Not done: { $handle } is { $now } by now, and nobody can be forgotten by half. /forget { $now } forgets both.
forget-not-sealed = Sealing is off ([privacy] seal): what they write now is kept in plain, and stays.
forget-what = Their key is destroyed: what they wrote, their name and their accounts show as "forgotten" everywhere, in the past too. Items, states and dates stay. Nobody can take that back.
hint-bring-back = Bring it back
hint-undo-all = Take back all { $n }
hint-undo-both = Take back both
hint-why = Why { $item }?
link-asked = Now confirm it on { $title }: I have asked { $handle } there whether this is you.
link-code-not-in-group = Nothing done: send that to me directly, not in a group. Codes are secrets; one that was shown here is worth nothing any more.
link-command = /link { $code }
link-declined = Nothing changed: I do not know them as you, and the code is worth nothing any more.
link-declined-there = Not linked: it was not confirmed on { $title }. If it was meant, begin again with /link there.
link-directly = Nothing done: send /link to me directly.
link-from-here = Nothing done: that is where you are speaking from. Say it from another platform, or I would not know who asks.
link-gone = Nothing done: whoever had this code is not here any more.
link-known = Nothing to do: I know you here already. Send it from where I do not know you yet, directly.
link-no-code = Nothing done: I wait for no such code. A code holds for an hour, once, and not beyond a restart of mine: send /link on the other platform for a new one.
link-not-in-group = Nothing done: send that to me directly, not in a group.
link-not-there = Nothing done: I do not know you there. I know you as { $known }.
link-offer = To be known on another platform too, send me there, directly and within the hour:
link-offer-secret = I then ask you here whether that was you. Tell the code to nobody: who has it could ask to be you.
link-other-way = Nothing done: you may do more here than there, and would lose that. Do it the other way round: send /link here, and the code there.
link-question = { $title }: { $name } ({ $account }) wants to be you.
link-question-handle = { $title }: { $name } ({ $handle }, { $account }) wants to be you.
link-question-known = I know them as { $known }: what is theirs would be yours, and what they did would be yours, for good.
link-question-only-you = Whoever that is could do all you may: confirm it only if it is you.
link-revoked = Nothing done: this account was let in once, and may do nothing any more. Ask an owner or maintainer.
link-several = Nothing done: you are known by several accounts there. Which one?
link-too-many-codes = Nothing done: too many codes are about. Try again in an hour.
link-too-often = Nothing done: too many wrong codes. Try again in an hour.
pair-command = /pair { $code }
pair-no-code = No one waits with that code: codes hold for one hour. Whoever wants in can write to me again for a new one.
paired = You are let in.
paired-guest = As a guest you can look at everything; { $help } says how.
paired-here-too = I know you here too now, { $handle }.
paired-member = Write a sentence and I keep it as { $bucket }, or try  { $example }  or  { $help }
past-before = There was nothing yet at { $at }: the log begins { $began }, with position { $position }.
past-empty = There is nothing to look back at yet: the log is empty.
past-no-item = There was no { $item } yet at { $at }: it was created { $created }.
past-no-position = There is no position { $position }; the log goes from 1 to { $head }.
past-no-version = { $item } has no version { $version }; it goes from 1 to { $newest }.
past-to-come = { $at } has not come yet: now is { $now }.
past-version-lost = Version { $version } of { $item } cannot be read any more.
refused-an-owner = an owner
refused-changes-lost = Not done: the newest { $n ->
    [one] 1 change
   *[other] { $n } changes
} of { $item } cannot be read, its records are damaged. yoman log verify says where; yoman log salvage brings out what the journal still has.
refused-conflict = Not done: it was changed by several people at this very moment. Send it again.
refused-disk-full = Not saved: only { $free } MB are left on the disk of the log, { $floor } MB are kept free. Looking still works. Make room on the disk, then send it again.
refused-empty-form = Nothing done: there was not a word in the form.
refused-groups-only = Nothing changed: that is for groups. In a direct chat I always listen.
refused-misplaced = it stands where it does not belong
refused-no-item = There is no { $item }; the newest is { $newest }.
refused-no-item-at-all = There is no { $item }; there is no { $bucket } at all so far.
refused-nobody = I do not know { $handle }. I know { $known }.
refused-not-done = Not done: { $why }.
refused-not-taken-back = Not taken back: { $why }.
refused-pieces = Nothing done: { $n } commands in one message, { $most } at most. Send the rest in another.
refused-role = Not done: { $command } needs { $needed ->
    [owner] an owner
    [maintainer] a maintainer
    [member] a member
   *[guest] a guest
}, and you are { $actor ->
    [owner] an owner
    [maintainer] a maintainer
    [member] a member
   *[guest] a guest
}. Ask { $who }.
refused-stale = { $item } changed since this card. Nothing done.
refused-that = that
refused-log-broken = Not saved: the disk of the log failed ({ $why }). I end now, and whoever runs me must look at it. What you write meanwhile is taken in when I run again; a button has to be pressed again.
refused-unacceptable = Not saved: { $why }.
refused-unknown-handle = I do not know { $handle }.
refused-unreadable = Not done: something that happened to { $called } cannot be read here: { $why }.
refused-which-item = Which item? Answer its card, or name it: for example  done T7
refused-you-wrote = You wrote:
report-as-of = Each can be asked as of any day:  { $when }
report-as-of-example = at last friday
report-at = as of { $at }
report-command = /report { $name }
report-damaged = { $n } of the log cannot be read and were passed over.
report-failed = No report. { $name }: { $why }
report-goes-on = { $name } goes on ({ $percent } % so far) and comes as a message of its own, within { $within } s. If I am stopped meanwhile, ask again.
report-name-taken = Not saved: { $name } is there already, and not one that was sent. Take another name.
report-none-because = No report: { $why }.
report-not-saved = Not saved: { $why }
report-nothing = nothing to show
report-printed = printed: { $line }
report-save-command = /report save name
report-send = An owner sends one:  { $command }  and the script below it
report-sent = sent
report-too-slow = { $name } takes too long: after { $after } s it was at position { $position } of { $head }{ $advice }. Ask on the machine, where it may take longer: yoman report { $name }
report-unknown = There is no report { $name }. There are { $known }.
report-up-to = { $events }, up to position { $position }.
reports-heading = Reports
this-room = this room
undo-account-taken = Not taken back: that account is { $handle } now.
undo-accounts = Not taken back: /unlink takes an account away, and /link gives one.
undo-all-of-it = All of it:
undo-conflict = Not taken back: it was changed by several people at this very moment. Send it again.
undo-for-ever = Not taken back: that is for ever.
undo-no-version-of = { $whose } has no version { $version }
undo-nothing-here = Nothing of yours is left to take back here. What was done elsewhere or long ago is named by its item:  /undo T7
undo-report = Not taken back: the last you did here was to send or remove the report { $report }. Send or remove it again; what came before is named by its item:  /undo T7
undo-resting-first = { $why }; take that back first
undo-too-many-rest = More rests on it than can be taken back together: begin with what was done last.
undo-too-much = Not taken back: that is too much at once. Take it back act by act.
welcome = Good to see you. Write a sentence and I keep it as { $bucket }; or try
welcome-cards = Answer a card to note something on it; tap its buttons to move it on.
welcome-code = I do not know you yet. Give this code to an owner or maintainer, who can let you in within the hour:
welcome-full = I do not know you, and { $n } people are waiting to be let in already. Try again in an hour.
welcome-in-group = I do not know you yet. Write to me directly, and I give you a code to be let in with.
welcome-no-owner = Nobody owns me yet. If I am yours, send  { $command }  with the code I printed when I was started.
welcome-stranger = I am yoman: you write to me, I keep your ideas, research, todos and prs, and nothing gets lost.
report-advice = (`apply` returns the state, which copies it at every event: change it in place and end with `;`)
report-busy = { $n } reports wait for another one to end: try again in a moment
report-event = at { $event }
report-in = in `{ $function }`: { $what }
report-line = line { $line }
report-line-column = line { $line }, column { $column }
report-missing = the script has no `{ $function }`: it needs  fn init()  fn apply(state, event)  fn show(state)
report-slow = it takes too long: { $after } s were over at position { $position } of { $head }{ $advice }
report-stopped = it was stopped before it was done
repeat-no-answer = possibly a repeat: there was no answer to the first attempt
repeat-stopped = possibly a repeat: yoman was stopped while sending this
claim-in-group = Send the claim code to me directly, not in a group: it is a secret.
show-unreadable = { $n ->
    [one] 1 event
   *[other] { $n } events
} of it cannot be read by this version: what you see is not all of it, and it cannot be changed here.
refused-unreadable-you = you
refused-unreadable-room = this room
refused-unreadable-room-other = the other room
