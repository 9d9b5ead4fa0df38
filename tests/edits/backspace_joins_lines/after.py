a¦b
