run "fails" {
  command = plan
  assert {
    condition     = terraform_data.a.input == "other"
    error_message = "wrong input"
  }
  assert {
    condition     = output.tree == { a = 1, b = ["x", "z"], c = "default", d = true }
    error_message = "wrong tree"
  }
  assert {
    condition     = tolist(["a"]) == ["a"] && var.name == "default"
    error_message = "wrong type: ${var.name}"
  }
  assert {
    condition     = length(output.tree.b) > 2 && upper(var.name) == "DEFAULT"
    error_message = "wrong length"
  }
  assert {
    condition     = var.name == "default"
    error_message = "fine"
  }
}

run "goes_on" {
  assert {
    condition     = output.name != "default"
    error_message = "same"
  }
}
