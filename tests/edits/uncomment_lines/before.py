«# if a:
#     b
#c¦
