«# if a:
#     b

# c¦
