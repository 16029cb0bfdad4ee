# /help, besides what stands in the table of verbs.

help-a-heading = the verbs under a heading
help-all = everything
help-among = Among the words
help-answer = in answer to a card
help-answer-does = done, due fri, assign @dana; anything else is noted
help-anybody = anybody
help-at = at when
help-at-does = behind a look, for the past: fri, yesterday 9:00, 3 months ago, #4812 (a position)
help-at-least = { $role }, at least
help-for-example = for example
help-lines = further lines
help-lines-does = the body; - [ ] begins a criterion
help-more = More
help-one-verb = all about one verb
help-sentence = a sentence alone
help-sentence-does = in a direct chat: is kept, as an idea
help-the-same = the same
help-tokens = #tag @person !low|!normal|!high|!urgent in:project due:when needs:T3 for:T7
help-tokens-does = in the first line, or on a line of their own; \#word is just a word
help-when = when
help-when-does = fri, tomorrow 9:00, in 2 weeks, 27 nov, 2026-08-01 17:00
help-who-may = who may
help-words = tags, dates and people among the words
