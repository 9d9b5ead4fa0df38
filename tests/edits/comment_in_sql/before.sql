select ¦1
