a
	b
	c
d	¦
