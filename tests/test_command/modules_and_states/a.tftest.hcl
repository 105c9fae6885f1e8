run "setup" {
  module {
    source = "./setup"
  }
  assert {
    condition     = output.paths == "setup setup" && path.module == "setup"
    error_message = "wrong paths"
  }
}

run "main" {
  variables {
    name = run.setup.s
  }
  assert {
    condition     = output.name == "setup"
    error_message = "wrong"
  }
}

run "same_state" {
  command = plan
  module {
    source = "./setup"
  }
  assert {
    condition     = terraform_data.s.id != ""
    error_message = "a new object is planned"
  }
}

run "other_state" {
  command   = plan
  state_key = "other"
  module {
    source = "./setup"
  }
  assert {
    condition     = terraform_data.s.id != ""
    error_message = "a new object is planned"
  }
}
