# Questions before what cannot simply be taken back, and what becomes of them.

confirm-only-you = Only you can confirm it, here, within { $minutes } minutes.
confirm-dropped = All right, nothing was done.
confirm-unknown = Not done: I know of no such question any more. It was asked more than { $minutes } minutes ago, or before I was restarted. Ask again.
confirm-answered = Not done: you have answered that already.
confirm-void = Not done: you asked the same again since. Answer the newer question.
confirm-expired = Not done: that was asked more than { $minutes } minutes ago, and much may have changed since. Ask again.
confirm-lapsed = Nothing done: nobody confirmed this within { $minutes } minutes.
confirm-not-yours = Not done: { $who } asked for that, and only they can confirm it, in the room they asked in.
confirm-changed = Not done: it was changed since you asked. Look at it and ask again.
confirm-revoke = Take the role of { $who } away? They are { $role ->
    [owner] an owner
    [maintainer] a maintainer
    [member] a member
   *[other] a guest
} now, and can do nothing here then until somebody gives them a role again.
confirm-revoke-own = Take your own role away? You can do nothing here then, and not give it back to yourself.
confirm-revoke-yes = Revoke { $who }
confirm-disable = Fall silent in this room? I hear nothing here then but /enable, and only from a maintainer.
confirm-disable-yes = Fall silent
confirm-undo = Take back { $n ->
    [one] { $n } act
   *[other] { $n } acts
} at once? All of them, or none.
confirm-undo-yes = Take back all { $n }

confirm-which = Which question?
confirm-no-question = That names no question. Press the button under it.
