run "a" {
  assert {
    condition     = var.nome == 1
    error_message = "x"
  }
  assert {
    condition     = terraform_data.b.id == 1
    error_message = "x"
  }
  assert {
    condition     = output.nam == 1
    error_message = "x"
  }
  assert {
    condition     = run.b.x == run.a.x
    error_message = "x"
  }
  assert {
    condition     = check.x.status == "pass"
    error_message = "x"
  }
  assert {
    condition     = local.x == 1
    error_message = "x"
  }
  assert {
    condition     = module.m.y == 1
    error_message = "x"
  }
  assert {
    condition     = terraform_data.a.inputs == 1
    error_message = "x"
  }
}

run "b" {}
