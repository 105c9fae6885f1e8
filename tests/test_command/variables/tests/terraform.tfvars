list = ["tests"]
