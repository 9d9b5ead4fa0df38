      ¦a
