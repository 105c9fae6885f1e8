variables {
  name = "file-${var.outside}"
  own  = upper(var.outside)
}

run "file" {
  assert {
    condition     = output.name == "file-out" && output.list == tolist(["tests"]) && var.own == "OUT"
    error_message = "wrong"
  }
}

run "run" {
  variables {
    name = "${run.file.name}!"
    list = [var.own, 1]
  }
  assert {
    condition     = output.name == "file-out!" && output.list == tolist(["OUT", "1"])
    error_message = "wrong"
  }
}
