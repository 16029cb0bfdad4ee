# An item in a line, and the small words between things.

you = you
person-number = person { $n }
everything = everything
more = and { $n } more
due = due { $when }
was-due = was due { $when }
for-item = for { $item }
waits-for = waits for { $items }
# What was done, by whom; what was done, when.
done-by = { $what } by { $who }
done-when = { $what } { $when }
project = in:{ $name }
# What acts by itself.
actor = { $what ->
    [promotion] promotion
   *[other] { $what }
}
