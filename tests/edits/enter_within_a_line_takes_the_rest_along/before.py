    one¦  two
