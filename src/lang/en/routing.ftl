# Why somebody is told.

routing-assigned = it is assigned to you
routing-mentioned = you are mentioned
