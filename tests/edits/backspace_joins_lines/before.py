a
¦b
