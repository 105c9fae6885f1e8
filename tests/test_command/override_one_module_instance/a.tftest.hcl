run "keyed" {
  override_module {
    target = module.m[0]
    outputs = {
      id = "zero"
    }
  }
  override_resource {
    target = module.m[1].terraform_data.d
    values = {
      id = "one"
    }
  }
  assert {
    condition     = output.m == ["zero", "one"]
    error_message = "wrong"
  }
}
