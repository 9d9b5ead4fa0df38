¦a
