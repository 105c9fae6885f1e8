override_resource {
  target = terraform_data.a
  values = {
    id = "file"
  }
}

override_data {
  target = data.terraform_remote_state.s
  values = {
    outputs = { q = 3 }
    none    = 1
  }
}

override_module {
  target = module.child
  outputs = {
    id = "double"
  }
}

run "file" {
  assert {
    condition     = terraform_data.a.id == "file" && output.remote.q == 3 && output.child.id == "double" && output.child.out == null
    error_message = "wrong"
  }
}

run "run" {
  state_key = "fresh"
  override_resource {
    target = terraform_data.a
    values = {
      id    = "run"
      input = "not computed"
    }
  }
  override_resource {
    target = terraform_data.b[0]
    values = {
      id = "first"
    }
  }
  override_module {
    target = module.child
  }
  assert {
    condition     = terraform_data.a.id == "run" && terraform_data.a.input == "in" && terraform_data.b[0].id == "first" && length(terraform_data.b[1].id) == 36 && output.child.id == null
    error_message = "wrong"
  }
}

run "unused" {
  command   = plan
  state_key = "unused"
  override_resource {
    target = terraform_data.none
  }
}

run "does_not_fit" {
  state_key = "bad"
  override_resource {
    target = terraform_data.a
    values = {
      id = ["list"]
    }
  }
}
