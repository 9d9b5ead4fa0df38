a   ¦
