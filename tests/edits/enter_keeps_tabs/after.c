	if (x) {
		y¦
