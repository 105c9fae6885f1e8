run "all" {
  override_resource {
    target = module.m.terraform_data.d
    values = {
      id = "each"
    }
  }
  assert {
    condition     = output.m == ["each", "each"]
    error_message = "wrong"
  }
}
