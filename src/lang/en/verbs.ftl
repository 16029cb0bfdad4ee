# Buttons beside those of an item's state.

verbs-assign-me = Assign me
verbs-show = Show { $item }
verbs-undo = Undo
verbs-page-before = ◀ page { $n }
verbs-page-after = page { $n } ▶
