a «b¦ c
