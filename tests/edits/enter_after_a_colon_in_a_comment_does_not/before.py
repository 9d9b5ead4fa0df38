# note:¦
