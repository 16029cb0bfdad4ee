# Pictures: what stands in them, and the text beside them.

picture-none-here = (there are no pictures here)
picture-only-now = (a picture shows how it is now: leave the moment out)
picture-not-drawn = (no picture: { $why })
picture-why-alt = { $heading }: { $title }. { $n ->
    [one] 1 change
   *[other] { $n } changes
} in the order they happened.
picture-chart-alt = { $heading }, { $title }. At the end: { $ends }.
picture-left-out = … { $n } earlier ones left out
picture-came-of-it = came of it
picture-was-waiting = was waiting for it
chart-heading = Burn-up
chart-span = { $from } to { $to }
chart-day = { $day } { $month } { $year }
chart-axis-day = { $day } { $month }
chart-counted = items
chart-scope = to do in all
chart-finished = finished
chart-under-way = under way
