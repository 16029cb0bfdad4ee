# While the shared log cannot be reached: what is saved here, and what becomes of it.

spool-saved = Saved here, not yet shared: the shared log cannot be reached. It is decided, and answered, when it can be again.
spool-saved-behind = Saved here, not yet shared: it waits behind what was said before, and is answered in a moment.
spool-saved-toast = Saved here, not yet shared
spool-nothing = Nothing came of this: there is nothing left for it to change.
spool-shared = Everything is shared now: the { $n } commands that were saved here are answered above.
spool-as-of = As of { $when }: the shared log cannot be reached since then{ $n ->
    [0] .
    [one] , and 1 command saved here is not in it yet.
   *[other] , and { $n } commands saved here are not in it yet.
}
spool-not-in-it = { $n ->
    [one] 1 command saved here is not in it yet.
   *[other] { $n } commands saved here are not in it yet.
}
spool-not-now = Not done: the shared log cannot be reached just now. Send it again later.
spool-full = Not saved: the shared log cannot be reached, and { $n } commands wait for it already. Send it again later.
spool-no-space = Not saved: the shared log cannot be reached, and only { $free } MB are left on the disk here, of which { $floor } MB are kept free. Send it again later.
spool-too-long = Not saved: the shared log cannot be reached, and this is too long to be kept until it can be. Send it again later, or in parts.
spool-damaged = Something that was saved here while the shared log could not be reached cannot be read any more: { $why }. It is put aside, everything else goes on; yoman doctor says more. Whoever wrote to me then should look whether it was done.
spool-waiting = { $n ->
    [one] 1 command waits
   *[other] { $n } commands wait
} for the shared log since { $when }
spool-away = The shared log cannot be reached since { $when }: { $why }
spool-aside = { $n ->
    [one] 1 saved command
   *[other] { $n } saved commands
} cannot be read and lie in spool/ as they are: yoman doctor says more.
spool-failed = Nothing more can be saved here: { $why }
