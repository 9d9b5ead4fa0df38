if a:
    x
	y
¦
