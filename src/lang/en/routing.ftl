# Why somebody is told.

routing-mentioned = you are mentioned
