# What is wrong with what was said, and what to say instead.

fault-as-of = When? Like  /board 지난 금요일 기준
fault-as-whom = As whom?
fault-at-what-time = At what time?
fault-bucket = A bucket is idea, research, todo or pr.
fault-code = A code has letters, digits and - only.
fault-criterion = What must hold?
fault-due-twice = There is a due date already.
fault-finding = What was found out?
fault-how-long = For how long?
fault-how-pressing = How pressing? low, normal, high or urgent.
fault-item-and-what = I don't know what to do with { $item } here.
fault-item-and-what-like = I don't know what to do with { $item } here. Like  /done { $item }
fault-items-are-written = Items are written I3, R2, T7, P4; several as T3,T4.
fault-language = I speak English and Korean:  /lang en  /lang ko  /lang off
fault-link = A link leads to an item (T9, for:T9) or to an address that begins with https://; a code has 8 letters and digits.
fault-link-to = To what?
fault-long = That is too long: at most { $most } characters.
fault-meant = { $what } Did you mean:   { $meant }
fault-meant-buttons = { $what } Did you mean:
fault-missing = { $what } Like  /{ $example }
fault-mute-over = That is over already. Like  /mute 2h
fault-name-character = { $character } cannot be part of { $what ->
    [tag] a tag
    [person] a name
   *[project] a project
}: letters, digits and - _ . only. Like { $example }.
fault-name-long = That is too long for { $what ->
    [tag] a tag
    [person] a name
   *[project] a project
}: at most { $most } characters.
fault-name-missing = { $what ->
    [tag] a tag
    [person] a name
   *[project] a project
} is missing. Like { $example }.
fault-no-pages = This has no pages.
fault-no-past = This has no past.
fault-no-platform = This is no platform I could know you on.
fault-no-title = A title is missing.
fault-not-a-filter = This cannot be filtered by. Try #tag @person !high in:project due:fri open
fault-not-idea-again = Nothing becomes an idea again. It can become research, todo or pr.
fault-note = What shall be noted?
fault-once = There is { $what ->
    [priority] a priority
    [project] a project
   *[due] a due date
} already; an item has one.
fault-one-at-a-time = One item at a time, each on its own line. Like  /{ $example }
fault-or = { $what }   or   { $other }
fault-pages = Pages are numbered from 1: page:2
fault-priority-meant = I don't know this priority. Did you mean !{ $meant }?
fault-priority-words = A priority is low, normal, high or urgent.
fault-project-or-none = Which project? Or none.
fault-promote-to = To what? research, todo or pr.
fault-refine = How is it better said?
fault-report-name = A report is named with a to z, digits and `-`, at most 40 of them. /report lists all.
fault-report-words = At most { $most } words.
fault-role = A role is guest, member, maintainer or owner.
fault-sentence = This may be an ordinary sentence.
fault-since = Since when?
fault-text-long = That is too long: at most { $most } kB.
fault-time-twice = There is a time already. Put a word that means itself in quotes.
fault-title-long = That is too long for a title: at most { $most } characters.
fault-to-come = That is still to come.
fault-too-many = That is too many: at most { $most }.
fault-twice = That is named twice.
fault-undo-many = That is too much at once: at most { $most } acts.
fault-undo-one = One item at a time: needs:T3 needs:T4
fault-undo-part = I don't know what to take back of it. Name an act (T7, T7@5) and parts of it: due, title, #tag, @person, state.
fault-undo-together = Only what was done to items can be taken back together.
fault-undo-whole = That is taken back as a whole.
fault-unknown-topic = I don't know { $topic }.
fault-unknown-topic-see = I don't know { $topic }. /help all lists what I know.
fault-unknown-verb = I don't know /{ $verb }.
fault-unknown-verb-see = I don't know /{ $verb }. /help lists what I know.
fault-useless = I don't know what to do with this. It is  { $usage }
fault-verdict = approve, changes or comment?
fault-when = When?
fault-when-or-none = When? Or none.
fault-which-bucket = Which bucket? idea, research, todo or pr.
fault-which-code = Which code?
fault-which-item = Which item?
fault-which-item-like = Which item? Like T3.
fault-which-new-title = What is its title?
fault-which-platform = Which platform?
fault-which-report = Which report?
fault-which-role = Which role? guest, member, maintainer or owner.
fault-which-tag = Which tag?
fault-which-title = Which title?
fault-which-words = Which words? (Put words that mean something else in quotes.)
fault-which-zone = Which time zone?
fault-who = Who?
fault-whom = Whom?
fault-word-long = That is too long to look for: at most { $most } characters.
fault-zone = I don't know this time zone. It is written as area and city: Asia/Seoul.
when-advice = { $fault } Try  fri  { $day }  in 2 weeks
when-advice-at = { $fault } Try  at yesterday  at { $day }  at 2 weeks ago
when-advice-due = { $fault } Try  due:fri  due:{ $day }  due:"in 2 weeks"
when-advice-flag = { $fault } Try  { $prefix }yesterday  { $prefix }{ $day }  { $prefix }"2 weeks ago"
when-advice-past = { $fault } Try  { $prefix }yesterday  { $prefix }{ $day }  { $prefix }2 weeks ago
when-ambiguous = "{ $text }" can be read in more than one way. Write { $write }.
when-ambiguous-day = "{ $text }" can be read in more than one way. Write the day as year-month-day, like 2026-04-03.
when-ambiguous-two = "{ $text }" can be read in more than one way. Write { $one } or { $other }.
when-no-such-day = There is no { $day }.
when-too-far = { $text } is too far away.
when-unreadable = I can't read "{ $text }" as a date.
fault-emoji = That is no emoji. Like  /react ✅ done
fault-reaction-missing = What shall it mean? { $verbs }, or off.
fault-reaction = A reaction has no words, so it can mean: { $verbs }, or off.
fault-rebuild-where = Where? Like  /rebuild here
fault-rebuild-here = Boards and cards can be made anew only here: /rebuild here
fault-rebuild-from = From which room? /rooms shows them
when-advice-diff = { $fault } Try  /diff yesterday  /diff { $day }  /diff 2 weeks ago
