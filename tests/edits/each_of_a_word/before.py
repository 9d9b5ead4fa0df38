total = 1
print(tot¦al)
total += 1