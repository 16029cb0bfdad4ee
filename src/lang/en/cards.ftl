# An item as a message: what stands under its first line.

card-refined = refined: { $words }
card-rejected = rejected because: { $words }
card-finding = finding { $n }: { $words }
card-conclusion = conclusion: { $words }
card-closed = closed because: { $words }
card-because = because: { $words }
card-verdict = { $verdict ->
    [approve] approved
    [changes] changes asked for
    [comment] comment
   *[other] { $verdict }
}
card-linked = linked to { $links }
card-from = from { $item }
card-became = became { $items }
