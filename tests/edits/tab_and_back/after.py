  «a
    b¦
