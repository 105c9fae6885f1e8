list   = ["root"]
outside = "out"
