	if (x) {¦
